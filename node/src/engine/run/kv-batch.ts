/** Sequences that are decoded together. */
import type { KvArrays } from './kv-arrays.ts'
import { capacityFor } from './kv-cache.ts'
import type { KvCache } from './kv-cache.ts'
import type { KvPool } from './kv-pool.ts'

/** A batch this many times larger than its longest sequence needs is packed anew. */
const SLACK = 2

/**
 * Rows lie without gaps at the front of the arrays: so the runtime computes nothing for absent rows.
 * A row that leaves is filled with the last one.
 */
export class KvBatch {
  readonly #pool: KvPool
  readonly #leastRows: number
  readonly #rows: KvCache[] = []
  #arrays: KvArrays | null = null

  /** @param leastRows the arrays have room for so many, also when fewer sequences are there */
  constructor(pool: KvPool, leastRows: number) {
    this.#pool = pool
    this.#leastRows = leastRows
  }

  /** In the order of the tensors' rows. */
  get rows(): readonly KvCache[] {
    return this.#rows
  }

  /** Takes sequences in behind those that are there. */
  join(caches: readonly KvCache[]): void {
    if (caches.length === 0) return
    const first = this.#rows.length
    this.#rows.push(...caches)
    const arrays = this.#fit()
    caches.forEach((cache, i) => {
      if (cache.own !== null) arrays.copyRow(cache.own, 0, first + i, cache.length)
      cache.release()
    })
  }

  /** Gives the sequence its own arrays back. */
  leave(cache: KvCache): void {
    const row = this.#rows.indexOf(cache)
    if (row < 0 || this.#arrays === null) return
    cache.reserve(cache.length + 1).copyRow(this.#arrays, row, 0, cache.length)
    this.#remove(row)
  }

  /** As leave, for a sequence that is over: nothing is copied. */
  drop(cache: KvCache): void {
    const row = this.#rows.indexOf(cache)
    if (row >= 0) this.#remove(row)
  }

  /** Arrays with room for one more token of each row. */
  prepare(): KvArrays {
    return this.#fit()
  }

  /** @param values what the graph computed for one new token of each row */
  append(values: Float32Array): void {
    const lengths = this.#rows.map(({ length }) => length)
    this.#arrays?.appendTokens(values, lengths)
    for (const cache of this.#rows) cache.advance(1)
  }

  #remove(row: number): void {
    const last = this.#rows.length - 1
    const moved = this.#rows[last]
    if (row !== last && moved !== undefined && this.#arrays !== null) {
      this.#arrays.copyRow(this.#arrays, last, row, moved.length)
      this.#rows[row] = moved
    }
    this.#rows.pop()
    if (this.#rows.length === 0) this.#replaceArrays(null)
  }

  /** Lays the rows out anew when they do not fit, or waste too much. */
  #fit(): KvArrays {
    const needed = capacityFor(
      this.#rows.reduce((most, { length }) => Math.max(most, length), 0) + 1,
    )
    const old = this.#arrays
    const fits = old !== null && old.rows >= this.#rows.length && old.capacity >= needed
    if (fits && old.capacity <= SLACK * needed) return old
    const rows = 2 ** Math.ceil(Math.log2(Math.max(this.#rows.length, this.#leastRows)))
    const fresh = this.#pool.take(rows, needed)
    if (old !== null) {
      this.#rows.forEach((cache, row) => {
        if (row < old.rows && cache.own === null) fresh.copyRow(old, row, row, cache.length)
      })
    }
    this.#replaceArrays(fresh)
    return fresh
  }

  #replaceArrays(arrays: KvArrays | null): void {
    if (this.#arrays !== null) this.#pool.give(this.#arrays)
    this.#arrays = arrays
  }
}
