/** Both machines of a member of a redundant job, joined. */
import type { Reveal } from '@duckmesh/proto'
import { isTerminal } from '../../../src/dispatch/index.ts'
import type { ClientEffect, ClientEvent, ProviderEffect } from '../../../src/dispatch/index.ts'
import type { ProviderEvent, Terms } from '../../../src/dispatch/index.ts'
import { startMemberClient, stepMemberClient } from '../../../src/dispatch/member-client-machine.ts'
import type { MemberSegment } from '../../../src/dispatch/member-client-machine.ts'
import {
  startMemberProvider,
  stepMemberProvider,
} from '../../../src/dispatch/member-provider-machine.ts'
import type { MemberProvider } from '../../../src/dispatch/member-provider-machine.ts'
import { JoinedPair } from '../../support/joined-pair.ts'
import type { Chance, Faults } from '../../support/joined-pair.ts'
import { FACTS, NOW } from '../../support/machine-fixtures.ts'

export class JoinedMembers extends JoinedPair<MemberSegment, MemberProvider> {
  /** What the provider booked as earned, wei. */
  booked = 0n
  released = false
  readonly #settles: bigint[] = []

  constructor(terms: Terms, chance: Chance, faults: Faults) {
    const facts = { ...FACTS, terms }
    const provider = startMemberProvider(facts, `0x${'5a'.repeat(32)}`, NOW)
    super(startMemberClient(facts, NOW), provider, chance, faults)
    this.onClient({ type: 'award', prepaid: 0n })
    this.onProvider({ type: 'admitted', tokensIn: 10, prepaid: 0n })
  }

  protected stepClient(event: ClientEvent): ReturnType<typeof stepMemberClient> {
    return stepMemberClient(this.client, event, this.nowMs)
  }

  protected stepProvider(event: ProviderEvent): ReturnType<typeof stepMemberProvider> {
    return stepMemberProvider(this.provider, event, this.nowMs)
  }

  protected override onClient(event: ClientEvent): void {
    super.onClient(event)
    const { due, prepaid } = this.client.progress
    if (prepaid > due) this.wrong.push('paid what was not receipted')
    if (due > this.client.facts.terms.budget) this.wrong.push('owes more than the budget')
  }

  protected override onProvider(event: ProviderEvent): void {
    super.onProvider(event)
    if (this.booked > this.arrived) this.wrong.push('booked what was not paid')
  }

  protected clientWork(): (() => void)[] {
    return [() => this.#settle(), () => this.#release()]
  }

  protected clientEffect(effect: ClientEffect): void {
    if (effect.type === 'settle') this.#settles.push(effect.amount)
    if (effect.type === 'deliver' && this.client.progress.due > this.client.progress.prepaid) {
      this.wrong.push('a text was shown before it was paid')
    }
  }

  protected providerEffect(effect: ProviderEffect): void {
    switch (effect.type) {
      case 'runStep':
        this.#runStep(effect.maxTokens)
        return
      case 'sendChunk':
        this.wrong.push('a chunk left a member')
        return
      case 'issueCommitment':
        this.issue(effect)
        return
      case 'bookPaid':
        this.booked += effect.amount
        return
      case 'sendReveal':
        this.#reveal(effect)
        return
      default:
        this.endStep()
    }
  }

  /** The other members take their time. */
  #release(): void {
    if (this.client.state !== 'completed' || this.chance.pick(4) !== 0) return
    this.released = true
    this.onClient({ type: 'release' })
  }

  /** As the driver does: signs and sends unless the segment is over. */
  #settle(): void {
    const amount = this.#settles.shift()
    if (amount === undefined || isTerminal(this.client.state) || this.isCut) return
    this.vouchers += amount
    this.sendToProvider({ type: 'paid', prepaid: amount })
    this.onClient({ type: 'paid', amount })
  }

  #reveal({ ids, salt, text }: Extract<ProviderEffect, { type: 'sendReveal' }>): void {
    if (this.booked < this.provider.progress.due) this.wrong.push('revealed before it was paid')
    const { jobId, segment } = FACTS
    const reveal: Reveal = { jobId, segment, salt, ids: [...ids], text }
    this.sendToClient({ type: 'reveal', reveal })
  }

  #runStep(maxTokens: number): void {
    this.startStep(maxTokens)
    if (this.booked < this.provider.progress.due)
      this.wrong.push('a step ran before the one before was paid')
  }
}
