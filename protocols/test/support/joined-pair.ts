/** A client's and a provider's machine joined by ordered links that a test delays, cuts or makes drop frames. */
import type { Receipt } from '@duckmesh/proto'
import { isTerminal } from '../../src/dispatch/index.ts'
import type { ClientEffect, ClientEvent, ClientSegment } from '../../src/dispatch/index.ts'
import type { ProviderEffect, ProviderEvent, ProviderSegment } from '../../src/dispatch/index.ts'
import { TICK_MS } from '../../src/dispatch/constants.ts'
import { NOW, nextIds } from './machine-fixtures.ts'

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

/** What a machine did with an event. */
interface Stepped<S, E> {
  state: S
  effects: readonly E[]
}

/** One run; `issued` is what the provider billed, `vouchers` what the client signed for the segment. */
export abstract class JoinedPair<C extends ClientSegment, P extends ProviderSegment> {
  client: C
  provider: P
  nowMs = NOW
  readonly issued: Receipt[] = []
  vouchers = 0n
  /** Violations seen on the way. */
  readonly wrong: string[] = []
  protected readonly chance: Chance
  /** Wei of the segment whose vouchers arrived. */
  protected arrived = 0n
  protected isCut = false
  readonly #faults: Faults
  readonly #toClient: ClientEvent[] = []
  readonly #toProvider: ProviderEvent[] = []
  /** Tokens left of the step that runs. */
  #step: number | null = null
  #stopStep = false

  constructor(client: C, provider: P, chance: Chance, faults: Faults) {
    this.client = client
    this.provider = provider
    this.chance = chance
    this.#faults = faults
  }

  get over(): boolean {
    return isTerminal(this.client.state) && isTerminal(this.provider.state)
  }

  /** Runs to the end; ticks go on, so it must come. */
  run(): void {
    for (let turn = 0; turn < 20_000 && !this.over; turn += 1) this.#turn()
    if (!this.over) this.wrong.push(`stuck in ${this.client.state}/${this.provider.state}`)
  }

  protected abstract stepClient(event: ClientEvent): Stepped<C, ClientEffect>
  protected abstract stepProvider(event: ProviderEvent): Stepped<P, ProviderEffect>
  protected abstract clientEffect(effect: ClientEffect): void
  /** Effects beside those that both kinds of segment have. */
  protected abstract providerEffect(effect: ProviderEffect): void
  /** What the client does by itself: pays, and what else its kind of segment needs. */
  protected abstract clientWork(): (() => void)[]

  protected onClient(event: ClientEvent): void {
    const { state, effects } = this.stepClient(event)
    this.client = state
    for (const effect of effects) {
      if (effect.type === 'sendCancel') this.sendToProvider({ type: 'cancel' })
      else this.clientEffect(effect)
    }
  }

  protected onProvider(event: ProviderEvent): void {
    const { state, effects } = this.stepProvider(event)
    this.provider = state
    for (const effect of effects) this.#providerEffect(effect)
  }

  protected sendToClient(event: ClientEvent): void {
    if (!this.#isLost()) this.#toClient.push(event)
  }

  protected sendToProvider(event: ProviderEvent): void {
    if (!this.#isLost()) this.#toProvider.push(event)
  }

  /** A receipt, or the commitment of a member. */
  protected issue({ finishReason, receipt }: Issued): void {
    this.issued.push(receipt)
    this.sendToClient({ type: 'receipt', receipt, signed: true, finishReason })
  }

  protected startStep(maxTokens: number): void {
    this.#step = maxTokens
    this.#stopStep = false
    if (maxTokens < 1 || maxTokens > 64) this.wrong.push(`a step of ${maxTokens} tokens`)
  }

  protected endStep(): void {
    this.#step = null
  }

  #turn(): void {
    const { cancel, cut, engineFails } = this.#faults
    const work = [
      () => this.#deliverToClient(),
      () => this.#deliverToProvider(),
      () => this.#engine(),
      ...this.clientWork(),
      () => this.#tick(),
    ]
    work[this.chance.pick(work.length)]?.()
    const rare = this.chance.pick(200)
    if (rare === 0 && cancel) this.onClient({ type: 'cancel' })
    if (rare === 1 && cut) this.#cutLink()
    if (rare === 2 && engineFails) {
      this.onProvider({ type: 'engineFailed', code: 'ENGINE_CRASHED', detail: '' })
    }
  }

  #tick(): void {
    // Mostly short; sometimes long enough for every timeout.
    this.nowMs += this.chance.pick(50) === 0 ? 40_000 : TICK_MS
    this.onClient({ type: 'tick' })
    this.onProvider({ type: 'tick' })
  }

  #cutLink(): void {
    if (this.isCut) return
    this.isCut = true
    this.#toClient.length = 0
    this.#toProvider.length = 0
    this.onClient({ type: 'closed' })
    this.onProvider({ type: 'closed' })
  }

  #isLost(): boolean {
    return this.isCut || (this.#faults.drop && this.chance.pick(40) === 0)
  }

  #deliverToClient(): void {
    const event = this.#toClient.shift()
    if (event !== undefined) this.onClient(event)
  }

  #deliverToProvider(): void {
    const event = this.#toProvider.shift()
    if (event === undefined) return
    if (event.type !== 'paid') {
      this.onProvider(event)
      return
    }
    this.arrived += event.prepaid
    this.onProvider({ type: 'paid', prepaid: this.arrived })
  }

  #engine(): void {
    if (this.#step === null) return
    const { stopAfter } = this.#faults
    const { ids } = this.provider.progress
    const size = Math.min(this.#step, 1 + this.chance.pick(40), stopAfter - ids.length)
    if (this.#stopStep || size <= 0) {
      const stopped = !this.#stopStep && ids.length >= stopAfter
      this.#step = null
      this.#stopStep = false
      this.onProvider({ type: 'stepEnd', finishReason: stopped ? 'stop' : null })
      return
    }
    this.#step -= size
    this.onProvider({ type: 'tokens', ids: nextIds(this.provider.progress, size), text: 'x' })
  }

  #providerEffect(effect: ProviderEffect): void {
    switch (effect.type) {
      case 'sendAccept':
        this.sendToClient({ type: 'accept', valid: true })
        return
      case 'stopStep':
        this.#stopStep = true
        return
      case 'sendStopped': {
        const { code, detail } = effect
        this.sendToClient({ type: 'refused', code, detail })
        return
      }
      default:
        this.providerEffect(effect)
    }
  }
}

type Issued = Pick<Extract<ProviderEffect, { type: 'issueReceipt' }>, 'finishReason' | 'receipt'>
