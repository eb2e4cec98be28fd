/** Decodes many sequences at once, whatever their lengths. */
import type { DecodeRow, RowRule } from './interface.ts'
import { kvBytesPerToken } from './kv-arrays.ts'
import type { KvDimensions } from './kv-arrays.ts'
import { KvBatch } from './kv-batch.ts'
import type { KvCache } from './kv-cache.ts'
import { KvPool } from './kv-pool.ts'
import { planGroups } from './plan-groups.ts'

/**
 * A wasted byte of capacity is cleared, read and written in each step; a byte of a weight is read.
 * So this many bytes of weights cost what one wasted byte costs.
 */
const WASTE_COST = 3

/**
 * Runs the graph for one token of each row of a batch: logits of each row, in their order. Ids may be more than
 * sequences: those behind fill up a run and belong to a row that holds nothing.
 */
export type RunBatch = (batch: KvBatch, ids: readonly number[]) => Promise<Float32Array[]>

/** Keeps sequences in batches between steps; they move only when the set of rows changes. */
export class BatchDecoder {
  readonly #pool: KvPool
  readonly #run: RunBatch
  readonly #home = new Map<KvCache, KvBatch>()
  readonly #maxWaste: number
  #rule: RowRule = 'any'
  #batches: KvBatch[] = []
  #runs = 0
  /** A row must not move while the graph computes; who leaves meanwhile is taken out afterwards. */
  #running = false
  #over: KvCache[] = []

  /** @param weightBytes what one run of the graph reads */
  constructor(dimensions: KvDimensions, weightBytes: number, run: RunBatch) {
    this.#pool = new KvPool(dimensions)
    this.#maxWaste = weightBytes / (WASTE_COST * kvBytesPerToken(dimensions))
    this.#run = run
  }

  /** Runs of the graph so far. */
  get runs(): number {
    return this.#runs
  }

  /** Sets how many rows a run has from now on; called while nothing is decoded. */
  setRows(rule: RowRule): void {
    for (const cache of [...this.#home.keys()]) this.evict(cache)
    this.#batches = []
    this.#rule = rule
  }

  /** Feeds one token to each row; gives the logits of each, in the order of rows. */
  async decode(rows: readonly DecodeRow<KvCache>[]): Promise<Float32Array[]> {
    this.#arrange(rows.map(({ cache }) => cache))
    const ids = new Map(rows.map(({ cache, id }) => [cache, id]))
    const logits = new Map<KvCache, Float32Array>()
    this.#running = true
    try {
      for (const batch of this.#batches) {
        // Its last row ended since the rows were arranged.
        if (batch.rows.length === 0) continue
        const fed = batch.rows.map((cache) => ids.get(cache) ?? 0)
        while (fed.length < this.#leastRows) fed.push(0)
        const outputs = await this.#run(batch, fed)
        this.#runs++
        for (const [row, cache] of batch.rows.entries()) {
          logits.set(cache, outputs[row] ?? new Float32Array(0))
        }
      }
    } finally {
      this.#running = false
      for (const cache of this.#over.splice(0)) this.discard(cache)
    }
    return rows.map(({ cache }) => logits.get(cache) ?? new Float32Array(0))
  }

  /** Takes a sequence out and gives its arrays back to it. */
  evict(cache: KvCache): void {
    this.#home.get(cache)?.leave(cache)
    this.#home.delete(cache)
  }

  /** What LanguageModel.exportTokens gives. */
  exportTokens(cache: KvCache, start: number, count: number): Float32Array {
    this.evict(cache)
    return cache.reserve(cache.length).exportTokens(0, start, count)
  }

  /** What LanguageModel.importTokens does. */
  importTokens(cache: KvCache, values: Float32Array, count: number): void {
    this.evict(cache)
    cache.reserve(cache.length + count).importTokens(0, cache.length, values)
    cache.advance(count)
  }

  /** Forgets a sequence that is over. */
  discard(cache: KvCache): void {
    if (this.#running) {
      this.#over.push(cache)
      return
    }
    this.#home.get(cache)?.drop(cache)
    this.#home.delete(cache)
    cache.release()
  }

  get #leastRows(): number {
    return this.#rule === 'several' ? 2 : 1
  }

  #arrange(caches: readonly KvCache[]): void {
    if (caches.length === this.#home.size && caches.every((cache) => this.#home.has(cache))) return
    const groups = planGroups(
      caches.map(({ length }) => length),
      this.#rule === 'one' ? -1 : this.#maxWaste,
    )
    while (this.#batches.length < groups.length) {
      this.#batches.push(new KvBatch(this.#pool, this.#leastRows))
    }
    const wanted = new Map<KvCache, KvBatch>()
    groups.forEach((group, i) => {
      const batch = this.#batches[i]
      for (const index of group) {
        const cache = caches[index]
        if (cache !== undefined && batch !== undefined) wanted.set(cache, batch)
      }
    })
    for (const [cache, batch] of [...this.#home]) {
      if (wanted.get(cache) !== batch) this.evict(cache)
    }
    for (const batch of this.#batches) {
      const joining = [...wanted].filter(
        ([cache, home]) => home === batch && !this.#home.has(cache),
      )
      batch.join(joining.map(([cache]) => cache))
      for (const [cache] of joining) this.#home.set(cache, batch)
    }
    this.#batches = this.#batches.slice(0, groups.length)
  }
}
