/** Both machines joined by ordered links that a test delays, cuts or makes drop frames. */
import type { Chunk, Receipt } from '@duckmesh/proto'
import { firstStepPrice, isTerminal, startClientSegment } from '../../src/dispatch/index.ts'
import { startProviderSegment, stepClient, stepProvider } from '../../src/dispatch/index.ts'
import type { ClientEffect, ClientEvent, ClientSegment } from '../../src/dispatch/index.ts'
import type { ProviderEffect, ProviderEvent, ProviderSegment } from '../../src/dispatch/index.ts'
import type { Terms } from '../../src/dispatch/index.ts'
import { TICK_MS } from '../../src/dispatch/constants.ts'
import { FACTS, NOW, nextIds } from './machine-fixtures.ts'

/** What chance decides in one run. */
export interface Chance {
  /** Next number in [0, n). */
  pick(n: number): number
}

export interface Faults {
  /** Frames may vanish: the other side lies or withholds. */
  drop: boolean
  cut: boolean
  cancel: boolean
  engineFails: boolean
  /** Tokens after which the model stops by itself. */
  stopAfter: number
}

/** One run; `issued` is what the provider billed, `vouchers` what the client signed for the segment. */
export class JoinedMachines {
  client: ClientSegment
  provider: ProviderSegment
  nowMs = NOW
  readonly issued: Receipt[] = []
  vouchers = 0n
  /** Violations seen on the way. */
  readonly wrong: string[] = []
  agreed: boolean | undefined
  readonly #chance: Chance
  readonly #faults: Faults
  readonly #toClient: ClientEvent[] = []
  readonly #toProvider: ProviderEvent[] = []
  #step: number | null = null
  #stopStep = false
  #pays: bigint[] = []
  #providerPrepaid = 0n
  #cut = false

  constructor(terms: Terms, chance: Chance, faults: Faults) {
    const facts = { ...FACTS, terms }
    this.client = startClientSegment(facts, NOW)
    this.provider = startProviderSegment(facts, NOW)
    this.#chance = chance
    this.#faults = faults
    this.#award(firstStepPrice(terms))
  }

  get over(): boolean {
    return isTerminal(this.client.state) && isTerminal(this.provider.state)
  }

  /** Runs to the end; ticks go on, so it must come. */
  run(): void {
    for (let turn = 0; turn < 20_000 && !this.over; turn += 1) this.#turn()
    if (!this.over) this.wrong.push(`stuck in ${this.client.state}/${this.provider.state}`)
  }

  #turn(): void {
    const { cancel, cut, engineFails } = this.#faults
    const work = [
      () => this.#deliverToClient(),
      () => this.#deliverToProvider(),
      () => this.#engine(),
      () => this.#pay(),
      () => this.#tick(),
    ]
    work[this.#chance.pick(work.length)]?.()
    const rare = this.#chance.pick(200)
    if (rare === 0 && cancel) this.#onClient({ type: 'cancel' })
    if (rare === 1 && cut) this.#cutLink()
    if (rare === 2 && engineFails) {
      this.#onProvider({ type: 'engineFailed', code: 'ENGINE_CRASHED', detail: '' })
    }
  }

  #award(price: bigint): void {
    this.vouchers += price
    this.#onClient({ type: 'award', prepaid: price })
    this.#providerPrepaid = price
    this.#onProvider({ type: 'admitted', tokensIn: 10, prepaid: price })
  }

  #tick(): void {
    // Mostly short; sometimes long enough for every timeout.
    this.nowMs += this.#chance.pick(50) === 0 ? 40_000 : TICK_MS
    this.#onClient({ type: 'tick' })
    this.#onProvider({ type: 'tick' })
  }

  #cutLink(): void {
    if (this.#cut) return
    this.#cut = true
    this.#toClient.length = 0
    this.#toProvider.length = 0
    this.#onClient({ type: 'closed' })
    this.#onProvider({ type: 'closed' })
  }

  #deliverToClient(): void {
    const event = this.#toClient.shift()
    if (event !== undefined) this.#onClient(event)
  }

  #deliverToProvider(): void {
    const event = this.#toProvider.shift()
    if (event === undefined) return
    if (event.type !== 'paid') {
      this.#onProvider(event)
      return
    }
    this.#providerPrepaid += event.prepaid
    this.#onProvider({ type: 'paid', prepaid: this.#providerPrepaid })
  }

  #engine(): void {
    if (this.#step === null) return
    const { stopAfter } = this.#faults
    const { ids } = this.provider.progress
    const size = Math.min(this.#step, 1 + this.#chance.pick(40), stopAfter - ids.length)
    if (this.#stopStep || size <= 0) {
      const stopped = !this.#stopStep && ids.length >= stopAfter
      this.#step = null
      this.#stopStep = false
      this.#onProvider({ type: 'stepEnd', finishReason: stopped ? 'stop' : null })
      return
    }
    this.#step -= size
    this.#onProvider({ type: 'tokens', ids: nextIds(this.provider.progress, size), text: '' })
  }

  #pay(): void {
    const amount = this.#pays.shift()
    if (amount === undefined || isTerminal(this.client.state)) return
    this.vouchers += amount
    this.#onClient({ type: 'paid', amount })
    this.#send(this.#toProvider, { type: 'paid', prepaid: amount })
  }

  #send<T>(link: T[], event: T): void {
    if (this.#cut || (this.#faults.drop && this.#chance.pick(40) === 0)) return
    link.push(event)
  }

  #onClient(event: ClientEvent): void {
    const { state, effects } = stepClient(this.client, event, this.nowMs)
    this.client = state
    for (const effect of effects) this.#clientEffect(effect)
    this.#checkAhead()
  }

  #onProvider(event: ProviderEvent): void {
    const { state, effects } = stepProvider(this.provider, event, this.nowMs)
    this.provider = state
    for (const effect of effects) this.#providerEffect(effect)
  }

  #clientEffect(effect: ClientEffect): void {
    if (effect.type === 'pay') this.#pays.push(effect.amount)
    if (effect.type === 'sendCancel') this.#send(this.#toProvider, { type: 'cancel' })
    if (effect.type === 'end') this.agreed = effect.agreed
  }

  #providerEffect(effect: ProviderEffect): void {
    switch (effect.type) {
      case 'sendAccept':
        this.#send(this.#toClient, { type: 'accept', valid: true })
        return
      case 'runStep':
        this.#runStep(effect.maxTokens)
        return
      case 'stopStep':
        this.#stopStep = true
        return
      case 'sendChunk': {
        const { n, h } = effect
        const { jobId, segment } = FACTS
        const chunk: Chunk = { jobId, segment, n, ids: [...effect.ids], textDelta: '', h }
        this.#send(this.#toClient, { type: 'chunk', chunk })
        return
      }
      case 'issueReceipt': {
        const { receipt, finishReason } = effect
        this.issued.push(receipt)
        this.#send(this.#toClient, { type: 'receipt', receipt, signed: true, finishReason })
        return
      }
      case 'sendStopped': {
        const { code, detail } = effect
        this.#send(this.#toClient, { type: 'refused', code, detail })
        return
      }
      case 'bookPaid':
      case 'freeEngine':
      case 'issueCommitment':
      case 'sendReveal':
        this.wrong.push(`a streaming provider did ${effect.type}`)
        return
      case 'end':
        this.#step = null
    }
  }

  #runStep(maxTokens: number): void {
    this.#step = maxTokens
    this.#stopStep = false
    const { facts, progress } = this.provider
    const inBucket = progress.seq === 0 ? facts.terms.inBucket : 0
    const { priceIn, priceOut } = facts.terms
    const price = (priceIn * BigInt(inBucket) + priceOut * BigInt(maxTokens) + 999n) / 1000n
    if (progress.prepaid - progress.due < price) this.wrong.push('a step ran that was not prepaid')
    if (maxTokens < 1 || maxTokens > 64) this.wrong.push(`a step of ${maxTokens} tokens`)
  }

  #checkAhead(): void {
    const { facts, progress } = this.client
    const most = firstStepPrice(facts.terms)
    if (progress.prepaid - progress.due > most) this.wrong.push('ahead by more than a step')
    if (progress.prepaid > facts.terms.budget) this.wrong.push('paid more than the budget')
  }
}
