/** Keys and values of one sequence. */
import type { SequenceCache } from './interface.ts'
import { KvArrays } from './kv-arrays.ts'
import type { KvDimensions } from './kv-arrays.ts'

/** Capacities are multiples of this, tokens: the runtime's cost per step follows the capacity. */
export const CAPACITY_STEP = 32

/** The capacity for a number of tokens. */
export function capacityFor(tokens: number): number {
  return Math.max(1, Math.ceil(tokens / CAPACITY_STEP)) * CAPACITY_STEP
}

/**
 * One sequence. Its keys and values lie in arrays of its own while its prompt is fed and while it
 * stands still, and in the arrays of a KvBatch while it is decoded with others.
 */
export class KvCache implements SequenceCache {
  readonly #dimensions: KvDimensions
  #own: KvArrays | null = null
  #length = 0

  constructor(dimensions: KvDimensions) {
    this.#dimensions = dimensions
  }

  get length(): number {
    return this.#length
  }

  /** Null while a batch holds the sequence, or nothing was fed yet. */
  get own(): KvArrays | null {
    return this.#own
  }

  /** Arrays of its own with room for a total of tokens; what they hold is kept. */
  reserve(tokens: number): KvArrays {
    const old = this.#own
    if (old !== null && old.capacity >= tokens) return old
    const grown = new KvArrays(this.#dimensions, 1, capacityFor(tokens))
    if (old !== null) grown.copyRow(old, 0, 0, this.#length)
    this.#own = grown
    return grown
  }

  /** So many further tokens were written. */
  advance(tokens: number): void {
    this.#length += tokens
  }

  /** A batch has taken the sequence over, or it is over. */
  release(): void {
    this.#own = null
  }
}
