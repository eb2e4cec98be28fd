/** Memory that batches have outgrown, for the next batch of that size. */
import { KvArrays, kvBytesPerToken } from './kv-arrays.ts'
import type { KvDimensions } from './kv-arrays.ts'

/** Most bytes that wait to be used again. */
export const MAX_POOLED_BYTES: number = 64 * 1024 * 1024

/**
 * Large arrays that come and go with every answer make the collector walk the whole heap. What these hold
 * from before is never read: a row is read as far as it was written.
 */
export class KvPool {
  readonly #dimensions: KvDimensions
  /** Longest unused first. */
  #free: KvArrays[] = []

  constructor(dimensions: KvDimensions) {
    this.#dimensions = dimensions
  }

  /** Arrays with anything in them. */
  take(rows: number, capacity: number): KvArrays {
    const known = this.#free.find((free) => free.rows === rows && free.capacity === capacity)
    if (known === undefined) return new KvArrays(this.#dimensions, rows, capacity)
    this.#free = this.#free.filter((free) => free !== known)
    return known
  }

  /** Takes arrays that nobody reads or writes any more. */
  give(arrays: KvArrays): void {
    this.#free.push(arrays)
    while (this.#bytes() > MAX_POOLED_BYTES) this.#free.shift()
  }

  #bytes(): number {
    const tokens = this.#free.reduce((sum, { capacity, rows }) => sum + rows * capacity, 0)
    return tokens * kvBytesPerToken(this.#dimensions)
  }
}
