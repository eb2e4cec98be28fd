/** Both machines of a member joined by ordered links that a test delays, cuts or makes drop frames. */
import type { Receipt, Reveal } from '@duckmesh/proto'
import { TICK_MS } from '../../../src/dispatch/constants.ts'
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
import type { Chance, Faults } from '../../support/joined-machines.ts'
import { FACTS, NOW, nextIds } from '../../support/machine-fixtures.ts'

/** One run. */
export class JoinedMembers {
  client: MemberSegment
  provider: MemberProvider
  nowMs = NOW
  readonly issued: Receipt[] = []
  /** What the client signed for the segment, and what the provider booked as earned; wei. */
  vouchers = 0n
  booked = 0n
  /** Violations seen on the way. */
  readonly wrong: string[] = []
  released = false
  readonly #chance: Chance
  readonly #faults: Faults
  readonly #toClient: ClientEvent[] = []
  readonly #toProvider: ProviderEvent[] = []
  readonly #settles: bigint[] = []
  #step: number | null = null
  #stopStep = false
  #arrived = 0n
  #cut = false

  constructor(terms: Terms, chance: Chance, faults: Faults) {
    const facts = { ...FACTS, terms }
    this.client = startMemberClient(facts, NOW)
    this.provider = startMemberProvider(facts, `0x${'5a'.repeat(32)}`, NOW)
    this.#chance = chance
    this.#faults = faults
    this.#onClient({ type: 'award', prepaid: 0n })
    this.#onProvider({ type: 'admitted', tokensIn: 10, prepaid: 0n })
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
      () => this.#settle(),
      () => this.#release(),
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

  /** The other members take their time. */
  #release(): void {
    if (this.client.state !== 'completed' || this.#chance.pick(4) !== 0) return
    this.released = true
    this.#onClient({ type: 'release' })
  }

  #tick(): void {
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
    this.#arrived += event.prepaid
    this.#onProvider({ type: 'paid', prepaid: this.#arrived })
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
    this.#onProvider({ type: 'tokens', ids: nextIds(this.provider.progress, size), text: 'x' })
  }

  /** As the driver does: signs and sends unless the segment is over. */
  #settle(): void {
    const amount = this.#settles.shift()
    if (amount === undefined || isTerminal(this.client.state) || this.#cut) return
    this.vouchers += amount
    this.#send(this.#toProvider, { type: 'paid', prepaid: amount })
    this.#onClient({ type: 'paid', amount })
  }

  #send<T>(link: T[], event: T): void {
    if (this.#cut || (this.#faults.drop && this.#chance.pick(40) === 0)) return
    link.push(event)
  }

  #onClient(event: ClientEvent): void {
    const { state, effects } = stepMemberClient(this.client, event, this.nowMs)
    this.client = state
    for (const effect of effects) this.#clientEffect(effect)
    const { due, prepaid } = this.client.progress
    if (prepaid > due) this.wrong.push('paid what was not receipted')
    if (due > this.client.facts.terms.budget) this.wrong.push('owes more than the budget')
  }

  #onProvider(event: ProviderEvent): void {
    const { state, effects } = stepMemberProvider(this.provider, event, this.nowMs)
    this.provider = state
    for (const effect of effects) this.#providerEffect(effect)
    if (this.booked > this.#arrived) this.wrong.push('booked what was not paid')
  }

  #clientEffect(effect: ClientEffect): void {
    if (effect.type === 'settle') this.#settles.push(effect.amount)
    if (effect.type === 'sendCancel') this.#send(this.#toProvider, { type: 'cancel' })
    if (effect.type === 'deliver' && this.client.progress.due > this.client.progress.prepaid) {
      this.wrong.push('a text was shown before it was paid')
    }
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
      case 'sendChunk':
        this.wrong.push('a chunk left a member')
        return
      case 'issueCommitment': {
        const { receipt, finishReason } = effect
        this.issued.push(receipt)
        this.#send(this.#toClient, { type: 'receipt', receipt, signed: true, finishReason })
        return
      }
      case 'bookPaid':
        this.booked += effect.amount
        return
      case 'sendReveal':
        this.#reveal(effect)
        return
      case 'sendStopped': {
        const { code, detail } = effect
        this.#send(this.#toClient, { type: 'refused', code, detail })
        return
      }
      default:
        this.#step = null
    }
  }

  #reveal({ ids, salt, text }: Extract<ProviderEffect, { type: 'sendReveal' }>): void {
    if (this.booked < this.provider.progress.due) this.wrong.push('revealed before it was paid')
    const { jobId, segment } = FACTS
    const reveal: Reveal = { jobId, segment, salt, ids: [...ids], text }
    this.#send(this.#toClient, { type: 'reveal', reveal })
  }

  #runStep(maxTokens: number): void {
    this.#step = maxTokens
    this.#stopStep = false
    if (this.booked < this.provider.progress.due)
      this.wrong.push('a step ran before the one before was paid')
    if (maxTokens < 1 || maxTokens > 64) this.wrong.push(`a step of ${maxTokens} tokens`)
  }
}
