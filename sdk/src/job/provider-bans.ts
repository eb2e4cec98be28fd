/** Providers that failed this client a moment ago, left out of its next choices (DESIGN §7). */
import type { Clock, ErrorCode, Hex } from '@duckmesh/protocols'
import type { JobEvent } from '@duckmesh/protocols/dispatch'

/** After the first failure, ms; twice as long after each further one. */
const FIRST_BAN_MS = 15_000
/** Longest, ms. */
const MAX_BAN_MS = 600_000
/** Providers remembered. */
const MAX_BANNED = 1_024

/** What is the provider's own fault; a full slot or a price is not. */
const FAULTS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'PROVIDER_LOST',
  'PROVIDER_STALLED',
  'TIMED_OUT',
  'CHUNK_INVALID',
  'RECEIPT_INVALID',
  'REVEAL_INVALID',
  'REVEAL_MISSING',
  'BAD_SIGNATURE',
  'UNEXPECTED_FRAME',
  'ENGINE_FAILED',
  'ENGINE_CRASHED',
])

interface Ban {
  untilMs: number
  failures: number
}

export class ProviderBans {
  readonly #clock: Pick<Clock, 'now'>
  readonly #bans = new Map<Hex, Ban>()

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  /** Learns from how a segment ended: a fault bans, a finished segment forgives. */
  learn(event: JobEvent): void {
    if (event.type !== 'segmentEnd') return
    const { failure, provider, state } = event.outcome
    if (state === 'finalized') this.#bans.delete(provider)
    else if (failure !== undefined && FAULTS.has(failure.code)) this.#ban(provider)
  }

  /** Owner addresses to leave out now. */
  list(): Hex[] {
    const now = this.#clock.now()
    return [...this.#bans].flatMap(([provider, { untilMs }]) => (untilMs > now ? [provider] : []))
  }

  #ban(provider: Hex): void {
    const failures = (this.#bans.get(provider)?.failures ?? 0) + 1
    const ms = Math.min(FIRST_BAN_MS * 2 ** (failures - 1), MAX_BAN_MS)
    this.#bans.delete(provider)
    this.#bans.set(provider, { untilMs: this.#clock.now() + ms, failures })
    const [oldest] = this.#bans.keys()
    if (this.#bans.size > MAX_BANNED && oldest !== undefined) this.#bans.delete(oldest)
  }
}
