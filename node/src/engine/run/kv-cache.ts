import { Tensor } from 'onnxruntime-node'
import type { SequenceCache } from './interface.ts'

/** Smallest capacity in tokens; larger ones double: 64, 128, 256, 512, … */
export const SMALLEST_CAPACITY = 64

/** Dimensions of a model's cache: tensors of [1, kvHeads, capacity, headSize], two per layer. */
export interface KvDimensions {
  readonly layers: number
  readonly kvHeads: number
  readonly headSize: number
}

/**
 * Keys and values of one sequence. The graph writes into the tensors in place. Capacity grows in
 * buckets, because the runtime's cost per step follows the capacity and not the length.
 */
export class KvCache implements SequenceCache {
  readonly #dimensions: KvDimensions
  #tensors: Tensor[] = []
  #past: Record<string, Tensor> = {}
  #present: Record<string, Tensor> = {}
  #capacity = 0
  #length = 0

  constructor(dimensions: KvDimensions) {
    this.#dimensions = dimensions
  }

  get length(): number {
    return this.#length
  }

  get capacity(): number {
    return this.#capacity
  }

  /** The tensors under the graph's input names. */
  get past(): Readonly<Record<string, Tensor>> {
    return this.#past
  }

  /** The same tensors under the graph's output names: so it writes in place. */
  get present(): Readonly<Record<string, Tensor>> {
    return this.#present
  }

  /** Makes room for a total of tokens; what is held is kept. */
  reserve(tokens: number): void {
    if (tokens <= this.#capacity) return
    let capacity = Math.max(this.#capacity, SMALLEST_CAPACITY)
    while (capacity < tokens) capacity *= 2
    this.#tensors = Array.from({ length: 2 * this.#dimensions.layers }, (_, i) =>
      this.#grown(this.#tensors[i], capacity),
    )
    this.#past = named('past_key_values', this.#tensors)
    this.#present = named('present', this.#tensors)
    this.#capacity = capacity
  }

  /** The graph has written this many further tokens. */
  advance(tokens: number): void {
    this.#length += tokens
  }

  #grown(old: Tensor | undefined, capacity: number): Tensor {
    const { kvHeads, headSize } = this.#dimensions
    const values = new Float32Array(kvHeads * capacity * headSize)
    if (old !== undefined) {
      const source = old.data as Float32Array
      const row = this.#capacity * headSize
      for (let head = 0; head < kvHeads; head++) {
        const held = source.subarray(head * row, head * row + this.#length * headSize)
        values.set(held, head * capacity * headSize)
      }
    }
    return new Tensor('float32', values, [1, kvHeads, capacity, headSize])
  }
}

function named(prefix: string, tensors: readonly Tensor[]): Record<string, Tensor> {
  return Object.fromEntries(
    tensors.map((tensor, i) => [
      `${prefix}.${Math.floor(i / 2)}.${i % 2 === 0 ? 'key' : 'value'}`,
      tensor,
    ]),
  )
}
