/** Round trips to seats as they were measured, smoothed as a TCP timer is (RFC 6298): K-70. */
import { ExpiringMap } from '../expiring-map.ts'
import { MAX_RTT_MS, MIN_RTT_MS, UNKNOWN_RTT_MS } from '../constants.ts'
import type { Clock } from '../../components.ts'
import type { Hex } from '@duckmesh/proto'

/** Seats remembered, about 100 bytes each: all of a shard for several turns. */
const MAX_SEATS = 256

/** A measurement says nothing any more after this time, ms: paths and loads change. */
const KEPT_MS = 600_000

/** Weights of RFC 6298: an eighth of each sample in the mean, a quarter in the deviation, four deviations on top. */
const MEAN_SHARE = 1 / 8
const DEVIATION_SHARE = 1 / 4
const DEVIATIONS = 4

/** ms. */
interface Estimate {
  mean: number
  deviation: number
}

export class RoundTrips {
  readonly #clock: Pick<Clock, 'now'>
  readonly #estimates = new ExpiringMap<Hex, Estimate>(MAX_SEATS)

  constructor({ clock }: { clock: Pick<Clock, 'now'> }) {
    this.#clock = clock
  }

  /** From a header on an open stream to its ack, ms: the way there and back, and what the seat did meanwhile. */
  measured(seat: Hex, ms: number): void {
    const now = this.#clock.now()
    const next = smoothed(this.#estimates.get(seat, now), Math.max(0, ms))
    this.#estimates.set(seat, next, now + KEPT_MS)
  }

  /** How long one round trip to the seat may take, ms; `UNKNOWN_RTT_MS` when none was measured lately. */
  allowance(seat: Hex): number {
    const known = this.#estimates.get(seat, this.#clock.now())
    if (known === undefined) return UNKNOWN_RTT_MS
    const ms = known.mean + DEVIATIONS * known.deviation
    return Math.ceil(Math.min(MAX_RTT_MS, Math.max(MIN_RTT_MS, ms)))
  }
}

function smoothed(before: Estimate | undefined, ms: number): Estimate {
  if (before === undefined) return { mean: ms, deviation: ms / 2 }
  const { deviation, mean } = before
  return {
    deviation: deviation + DEVIATION_SHARE * (Math.abs(mean - ms) - deviation),
    mean: mean + MEAN_SHARE * (ms - mean),
  }
}
