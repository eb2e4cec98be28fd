/** A client's auction over several seats (K-70): two at a time, the next one for each that is late or fails. */
import { DuckMeshError } from '../../errors.ts'
import { MAX_SEATS_ASKED, SEATS_AT_ONCE, SEATS_TIMEOUT_MS, SECOND_MATCH_MS } from '../constants.ts'
import { askSeat } from './seat-attempt.ts'
import type { SeatAddress } from './client-ports.ts'
import type { SeatAck, SeatAttemptComponents, SeatMatch, SeatQuestion } from './seat-attempt.ts'
import type { Hex } from '@duckmesh/proto'

/** A seat that was asked and made no match. */
export interface SeatFailure {
  seat: Hex
  /** Absent: it had said nothing when the race was over. */
  error?: DuckMeshError
}

/** What a race brought. */
export interface RaceResult {
  /** The first one first, of those with bids that count; none when every seat failed. */
  matches: readonly SeatMatch[]
  acks: readonly SeatAck[]
  /** Seats that acknowledged the header. */
  acked: readonly SeatAddress[]
  failures: readonly SeatFailure[]
}

type AttemptState = 'asked' | 'late' | 'acked' | 'matched' | 'failed'

export class SeatRace {
  readonly #components: SeatAttemptComponents
  readonly #question: SeatQuestion
  readonly #seats: readonly SeatAddress[]
  readonly #stop = new AbortController()
  readonly #result = Promise.withResolvers<RaceResult>()
  readonly #attempts = new Map<SeatAddress, AttemptState>()
  readonly #acks: SeatAck[] = []
  readonly #matches: SeatMatch[] = []
  readonly #failures = new Map<SeatAddress, DuckMeshError>()
  readonly #timers: (() => void)[] = []

  constructor(
    components: SeatAttemptComponents,
    question: SeatQuestion,
    seats: readonly SeatAddress[],
  ) {
    this.#components = components
    this.#question = question
    this.#seats = seats.slice(0, MAX_SEATS_ASKED)
  }

  /** Runs it to the last match worth waiting for, or until no seat can make one. Rejects with CANCELLED. */
  async run(signal: AbortSignal): Promise<RaceResult> {
    const onAbort = (): void => {
      this.#fail(
        new DuckMeshError('CANCELLED', 'The auction was cancelled.', { cause: signal.reason }),
      )
    }
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    this.#timer(SEATS_TIMEOUT_MS, () => {
      if (this.#acks.length === 0) this.#finish()
    })
    this.#fill()
    try {
      return await this.#result.promise
    } finally {
      signal.removeEventListener('abort', onAbort)
      for (const stop of this.#timers) stop()
      this.#stop.abort()
    }
  }

  /** Starts seats until two are running that may still be in time. */
  #fill(): void {
    if (this.#stop.signal.aborted) return
    for (const seat of this.#seats) {
      if (this.#count('asked', 'acked', 'matched') >= SEATS_AT_ONCE) return
      if (!this.#attempts.has(seat)) this.#ask(seat)
    }
    if (this.#count('asked', 'late', 'acked') === 0) this.#finish()
  }

  #ask(seat: SeatAddress): void {
    this.#attempts.set(seat, 'asked')
    const events = {
      onAck: (ack: SeatAck) => this.#onAck(seat, ack),
      onLate: () => this.#onLate(seat),
      onMatch: (match: SeatMatch) => this.#onMatch(match),
      onFailed: (error: DuckMeshError) => this.#onFailed(seat, error),
    }
    void askSeat(seat, this.#question, this.#components, events, this.#stop.signal)
  }

  #onAck(seat: SeatAddress, ack: SeatAck): void {
    this.#attempts.set(seat, 'acked')
    this.#acks.push(ack)
  }

  #onLate(seat: SeatAddress): void {
    this.#attempts.set(seat, 'late')
    this.#fill()
  }

  #onFailed(seat: SeatAddress, error: DuckMeshError): void {
    this.#attempts.set(seat, 'failed')
    this.#failures.set(seat, error)
    if (this.#matches.length === 0) this.#fill()
    else if (!this.#isWorthWaiting()) this.#finish()
  }

  /** The match of another seat that is as good as there is waited for a moment: its bids may be better. */
  #onMatch(match: SeatMatch): void {
    this.#attempts.set(match.seat, 'matched')
    this.#matches.push(match)
    if (!this.#isWorthWaiting()) this.#finish()
    else if (countsAny(match)) this.#timer(SECOND_MATCH_MS, () => this.#finish())
  }

  #isWorthWaiting(): boolean {
    return this.#matches.length < SEATS_AT_ONCE && this.#count('acked') > 0
  }

  #finish(): void {
    // Bids that count first: the primary match is the one that is awarded.
    const matches = [...this.#matches].sort((a, b) => Number(countsAny(b)) - Number(countsAny(a)))
    const acked = [...this.#attempts].filter(
      ([, state]) => state === 'acked' || state === 'matched',
    )
    this.#result.resolve({
      matches,
      acks: this.#acks,
      acked: acked.map(([seat]) => seat),
      failures: this.#failed(),
    })
  }

  #failed(): SeatFailure[] {
    return [...this.#attempts].flatMap(([seat, state]) => {
      const error = this.#failures.get(seat)
      if (error !== undefined) return { seat: seat.owner, error }
      return state === 'asked' || state === 'late' ? { seat: seat.owner } : []
    })
  }

  #fail(error: DuckMeshError): void {
    this.#result.reject(error)
  }

  #count(...states: AttemptState[]): number {
    return [...this.#attempts.values()].filter((state) => states.includes(state)).length
  }

  #timer(ms: number, fn: () => void): void {
    this.#timers.push(this.#components.clock.after(ms, fn))
  }
}

function countsAny({ opened }: SeatMatch): boolean {
  return opened.bids.some((bid) => bid.code === undefined)
}
