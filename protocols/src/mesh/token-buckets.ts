/** Token buckets by key, each with the rate and burst it is asked with; what rates and quotas are made of. */
import { RATE_LIMIT_MAX_KEYS } from './constants.ts'

/** How fast a bucket fills and how much it holds. */
export interface BucketSize {
  ratePerS: number
  burst: number
}

interface Bucket {
  tokens: number
  /** When `tokens` was right, ms. */
  at: number
  size: BucketSize
}

/**
 * A full bucket is the same as an unknown key, so full ones are dropped when the table is full. When all are
 * drained the newcomer is refused: forgetting a drained bucket would lift its limit (M-31).
 */
export class TokenBuckets {
  readonly #buckets = new Map<string, Bucket>()
  readonly #maxKeys: number

  constructor(init: { maxKeys?: number | undefined } = {}) {
    this.#maxKeys = init.maxKeys ?? RATE_LIMIT_MAX_KEYS
  }

  get keys(): number {
    return this.#buckets.size
  }

  /** True when one more would pass; takes nothing. */
  allows(key: string, size: BucketSize, now: number): boolean {
    const bucket = this.#buckets.get(key)
    if (bucket === undefined) return size.burst >= 1 && this.#hasRoom(now)
    return tokensIn(bucket, size, now) >= 1
  }

  /** Takes one; false when the bucket is empty. */
  take(key: string, size: BucketSize, now: number): boolean {
    if (!this.allows(key, size, now)) return false
    const bucket = this.#buckets.get(key)
    const tokens = bucket === undefined ? size.burst : tokensIn(bucket, size, now)
    this.#buckets.set(key, { tokens: tokens - 1, at: now, size })
    return true
  }

  #hasRoom(now: number): boolean {
    if (this.#buckets.size < this.#maxKeys) return true
    for (const [key, bucket] of this.#buckets) {
      if (tokensIn(bucket, bucket.size, now) >= bucket.size.burst) this.#buckets.delete(key)
    }
    return this.#buckets.size < this.#maxKeys
  }
}

/** What a bucket holds now. One that shrank, such as with the funds behind it, holds no more than its new size. */
function tokensIn(bucket: Bucket, size: BucketSize, now: number): number {
  const gained = (Math.max(0, now - bucket.at) * size.ratePerS) / 1_000
  return Math.min(size.burst, bucket.tokens + gained)
}
