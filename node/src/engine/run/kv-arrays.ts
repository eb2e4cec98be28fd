/** Keys and values of several sequences as the graph takes them. */
import { Tensor } from 'onnxruntime-node'

/** Dimensions of a model's cache: two tensors [rows, kvHeads, capacity, headSize] per layer. */
export interface KvDimensions {
  readonly layers: number
  readonly kvHeads: number
  readonly headSize: number
}

/** float32 bytes that one token takes in the cache. */
export function kvBytesPerToken({ layers, kvHeads, headSize }: KvDimensions): number {
  return 2 * layers * kvHeads * headSize * Float32Array.BYTES_PER_ELEMENT
}

/** Memory of a number of rows, each with room for a number of tokens. */
export class KvArrays {
  readonly rows: number
  readonly capacity: number
  readonly #dimensions: KvDimensions
  /** Layer by layer: keys, values. */
  readonly #arrays: readonly Float32Array[]
  #past: { rows: number; tensors: Record<string, Tensor> } | null = null

  constructor(dimensions: KvDimensions, rows: number, capacity: number) {
    this.#dimensions = dimensions
    this.rows = rows
    this.capacity = capacity
    const values = rows * dimensions.kvHeads * capacity * dimensions.headSize
    this.#arrays = Array.from({ length: 2 * dimensions.layers }, () => new Float32Array(values))
  }

  /** The first rows, under the graph's input names; the same tensors until another number is asked for. */
  past(rows: number): Readonly<Record<string, Tensor>> {
    if (this.#past?.rows !== rows) this.#past = { rows, tensors: this.#tensors(rows) }
    return this.#past.tensors
  }

  /** The same memory under the graph's output names: so it writes in place. */
  present(rows: number): Readonly<Record<string, Tensor>> {
    const entries = Object.entries(this.past(rows))
    return Object.fromEntries(
      entries.map(([name, tensor]) => [name.replace('past_key_values', 'present'), tensor]),
    )
  }

  /** The first tokens of a row and no more, under the graph's input names: a copy. */
  exactPast(row: number, tokens: number): Record<string, Tensor> {
    const exact = new KvArrays(this.#dimensions, 1, tokens)
    if (tokens > 0) exact.copyRow(this, row, 0, tokens)
    return { ...exact.past(1) }
  }

  /** Copies the first tokens of another's row. */
  copyRow(from: KvArrays, fromRow: number, toRow: number, tokens: number): void {
    const { kvHeads, headSize } = this.#dimensions
    this.#arrays.forEach((target, i) => {
      const source = from.#arrays[i]
      for (let head = 0; source !== undefined && head < kvHeads; head++) {
        const start = (fromRow * kvHeads + head) * from.capacity * headSize
        const held = source.subarray(start, start + tokens * headSize)
        target.set(held, (toRow * kvHeads + head) * this.capacity * headSize)
      }
    })
  }

  /** Tokens of a row as one array, layer by layer, head by head: what importTokens takes. */
  exportTokens(row: number, start: number, count: number): Float32Array {
    const width = count * this.#dimensions.headSize
    const out = new Float32Array(this.#arrays.length * this.#dimensions.kvHeads * width)
    this.#eachHead(row, start, (array, offset, i) => {
      out.set(array.subarray(offset, offset + width), i * width)
    })
    return out
  }

  /** Writes what exportTokens gave, behind the first `start` tokens of a row. */
  importTokens(row: number, start: number, values: Float32Array): void {
    const width = values.length / (this.#arrays.length * this.#dimensions.kvHeads)
    this.#eachHead(row, start, (array, offset, i) => {
      array.set(values.subarray(i * width, (i + 1) * width), offset)
    })
  }

  /**
   * Writes one new token for each row.
   * @param values [2 · layers, rows, kvHeads, headSize]; rows may be more than there are lengths
   * @param lengths tokens that each row already holds
   */
  appendTokens(values: Float32Array, lengths: readonly number[]): void {
    const { headSize, kvHeads } = this.#dimensions
    const stride = values.length / this.#arrays.length
    for (const [index, array] of this.#arrays.entries()) {
      let position = index * stride
      for (const [row, length] of lengths.entries()) {
        for (let head = 0; head < kvHeads; head++) {
          // A loop, because a view for each of these few numbers costs more than the numbers.
          const offset = this.#offset(row, head, length)
          for (let i = 0; i < headSize; i++) array[offset + i] = values[position + i] ?? 0
          position += headSize
        }
      }
    }
  }

  #offset(row: number, head: number, token: number): number {
    const { kvHeads, headSize } = this.#dimensions
    return ((row * kvHeads + head) * this.capacity + token) * headSize
  }

  #eachHead(
    row: number,
    token: number,
    visit: (array: Float32Array, offset: number, index: number) => void,
  ): void {
    let index = 0
    for (const array of this.#arrays) {
      for (let head = 0; head < this.#dimensions.kvHeads; head++) {
        visit(array, this.#offset(row, head, token), index++)
      }
    }
  }

  #tensors(rows: number): Record<string, Tensor> {
    const { kvHeads, headSize } = this.#dimensions
    const shape = [rows, kvHeads, this.capacity, headSize]
    const values = rows * kvHeads * this.capacity * headSize
    const entries = this.#arrays.map((array, i): [string, Tensor] => [
      `past_key_values.${Math.floor(i / 2)}.${i % 2 === 0 ? 'key' : 'value'}`,
      new Tensor('float32', array.subarray(0, values), shape),
    ])
    return Object.fromEntries(entries)
  }
}
