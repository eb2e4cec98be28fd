/** How many job headers a payer may send, by what it could spend (M-72). */
import { HEADER_BURST_FACTOR, HEADER_FLOOR_WEI, MAX_HEADER_BURST } from './constants.ts'
import { TokenBuckets } from './token-buckets.ts'
import type { BucketSize } from './token-buckets.ts'
import type { Hex } from '@duckmesh/proto'

/** Fixed-point digits kept when funds become a rate; a rate needs no more. */
const PRECISION = 1_000n

/**
 * How many job headers a payer may send: one a second for each 10 DUCK it could spend, ten times as many at
 * once but at most 100 (M-72). Who has less than 10 DUCK may send none.
 */
export class HeaderQuota {
  readonly #buckets: TokenBuckets

  constructor(init: { maxPayers?: number } = {}) {
    this.#buckets = new TokenBuckets({ maxKeys: init.maxPayers })
  }

  /** Payers that are remembered. */
  get payers(): number {
    return this.#buckets.keys
  }

  /** True when one more would pass; takes nothing. `funds` in wei, `now` in ms. */
  allows(payer: Hex, funds: bigint, now: number): boolean {
    return funds >= HEADER_FLOOR_WEI && this.#buckets.allows(payer, sizeFor(funds), now)
  }

  /** Takes one; false when the quota is used up or the funds are below the floor. */
  take(payer: Hex, funds: bigint, now: number): boolean {
    return funds >= HEADER_FLOOR_WEI && this.#buckets.take(payer, sizeFor(funds), now)
  }
}

function sizeFor(funds: bigint): BucketSize {
  const ratePerS = Number((funds * PRECISION) / HEADER_FLOOR_WEI) / Number(PRECISION)
  return { ratePerS, burst: Math.min(MAX_HEADER_BURST, HEADER_BURST_FACTOR * ratePerS) }
}
