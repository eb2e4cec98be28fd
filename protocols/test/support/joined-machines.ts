/** Both machines of a streamed segment, joined. */
import type { Chunk } from '@duckmesh/proto'
import { firstStepPrice, isTerminal, startClientSegment } from '../../src/dispatch/index.ts'
import { startProviderSegment, stepClient, stepProvider } from '../../src/dispatch/index.ts'
import type { ClientEffect, ClientEvent, ClientSegment } from '../../src/dispatch/index.ts'
import type { ProviderEffect, ProviderEvent, ProviderSegment } from '../../src/dispatch/index.ts'
import type { Terms } from '../../src/dispatch/index.ts'
import { JoinedPair } from './joined-pair.ts'
import type { Chance, Faults } from './joined-pair.ts'
import { FACTS, NOW } from './machine-fixtures.ts'

export class JoinedMachines extends JoinedPair<ClientSegment, ProviderSegment> {
  agreed: boolean | undefined
  readonly #pays: bigint[] = []

  constructor(terms: Terms, chance: Chance, faults: Faults) {
    const facts = { ...FACTS, terms }
    super(startClientSegment(facts, NOW), startProviderSegment(facts, NOW), chance, faults)
    const prepaid = firstStepPrice(terms)
    this.vouchers += prepaid
    this.onClient({ type: 'award', prepaid })
    this.arrived = prepaid
    this.onProvider({ type: 'admitted', tokensIn: 10, prepaid })
  }

  protected stepClient(event: ClientEvent): ReturnType<typeof stepClient> {
    return stepClient(this.client, event, this.nowMs)
  }

  protected stepProvider(event: ProviderEvent): ReturnType<typeof stepProvider> {
    return stepProvider(this.provider, event, this.nowMs)
  }

  protected override onClient(event: ClientEvent): void {
    super.onClient(event)
    const { facts, progress } = this.client
    const most = firstStepPrice(facts.terms)
    if (progress.prepaid - progress.due > most) this.wrong.push('ahead by more than a step')
    if (progress.prepaid > facts.terms.budget) this.wrong.push('paid more than the budget')
  }

  protected clientWork(): (() => void)[] {
    return [() => this.#pay()]
  }

  protected clientEffect(effect: ClientEffect): void {
    if (effect.type === 'pay') this.#pays.push(effect.amount)
    if (effect.type === 'end') this.agreed = effect.agreed
  }

  protected providerEffect(effect: ProviderEffect): void {
    switch (effect.type) {
      case 'runStep':
        this.#runStep(effect.maxTokens)
        return
      case 'sendChunk': {
        const { n, h } = effect
        const { jobId, segment } = FACTS
        const chunk: Chunk = { jobId, segment, n, ids: [...effect.ids], textDelta: '', h }
        this.sendToClient({ type: 'chunk', chunk })
        return
      }
      case 'issueReceipt':
        this.issue(effect)
        return
      case 'end':
        this.endStep()
        return
      default:
        this.wrong.push(`a streaming provider did ${effect.type}`)
    }
  }

  #pay(): void {
    const amount = this.#pays.shift()
    if (amount === undefined || isTerminal(this.client.state)) return
    this.vouchers += amount
    this.onClient({ type: 'paid', amount })
    this.sendToProvider({ type: 'paid', prepaid: amount })
  }

  #runStep(maxTokens: number): void {
    this.startStep(maxTokens)
    const { facts, progress } = this.provider
    const inBucket = progress.seq === 0 ? facts.terms.inBucket : 0
    const { priceIn, priceOut } = facts.terms
    const price = (priceIn * BigInt(inBucket) + priceOut * BigInt(maxTokens) + 999n) / 1000n
    if (progress.prepaid - progress.due < price) this.wrong.push('a step ran that was not prepaid')
  }
}
