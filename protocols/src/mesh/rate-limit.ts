import { TokenBuckets } from './token-buckets.ts'
import type { BucketSize } from './token-buckets.ts'

/** A token bucket per key, all of one size: `burst` at once, `ratePerS` in the long run (M-31). */
export class RateLimit {
  readonly #buckets: TokenBuckets
  readonly #size: BucketSize

  constructor(init: { ratePerS: number; burst: number; maxKeys?: number }) {
    this.#buckets = new TokenBuckets({ maxKeys: init.maxKeys })
    this.#size = { ratePerS: init.ratePerS, burst: init.burst }
  }

  get keys(): number {
    return this.#buckets.keys
  }

  /** True when one more would pass; takes nothing. */
  allows(key: string, now: number): boolean {
    return this.#buckets.allows(key, this.#size, now)
  }

  /** Takes one; false when the quota is used up. */
  take(key: string, now: number): boolean {
    return this.#buckets.take(key, this.#size, now)
  }
}
