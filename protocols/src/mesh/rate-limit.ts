import { RATE_LIMIT_MAX_KEYS } from './constants.ts'

interface Bucket {
  tokens: number
  /** When `tokens` was right, ms. */
  at: number
}

/**
 * A token bucket per key: `burst` at once, `ratePerS` in the long run (M-31).
 *
 * A full bucket is the same as an unknown key, so full ones are dropped when the table is full. When all
 * are drained the newcomer is refused: forgetting a drained bucket would lift its limit.
 */
export class RateLimit {
  readonly #buckets = new Map<string, Bucket>()
  readonly #ratePerMs: number
  readonly #burst: number
  readonly #maxKeys: number

  constructor(init: { ratePerS: number; burst: number; maxKeys?: number }) {
    this.#ratePerMs = init.ratePerS / 1_000
    this.#burst = init.burst
    this.#maxKeys = init.maxKeys ?? RATE_LIMIT_MAX_KEYS
  }

  get keys(): number {
    return this.#buckets.size
  }

  /** True when one more would pass; takes nothing. */
  allows(key: string, now: number): boolean {
    const bucket = this.#buckets.get(key)
    return bucket === undefined ? this.#hasRoom(now) : this.#tokens(bucket, now) >= 1
  }

  /** Takes one; false when the quota is used up. */
  take(key: string, now: number): boolean {
    if (!this.allows(key, now)) return false
    const bucket = this.#buckets.get(key)
    const tokens = bucket === undefined ? this.#burst : this.#tokens(bucket, now)
    this.#buckets.set(key, { tokens: tokens - 1, at: now })
    return true
  }

  #tokens(bucket: Bucket, now: number): number {
    const gained = Math.max(0, now - bucket.at) * this.#ratePerMs
    return Math.min(this.#burst, bucket.tokens + gained)
  }

  #hasRoom(now: number): boolean {
    if (this.#buckets.size < this.#maxKeys) return true
    for (const [key, bucket] of this.#buckets) {
      if (this.#tokens(bucket, now) >= this.#burst) this.#buckets.delete(key)
    }
    return this.#buckets.size < this.#maxKeys
  }
}
