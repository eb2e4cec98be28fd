/** Tests: how many rows a run may have is what the kernels bear; bit-identity.spec.ts asks real ones. */
import { expect } from 'chai'
import { adaptToMachine } from '../../../src/engine/run/adapt-to-machine.ts'
import type { AdaptableModel } from '../../../src/engine/run/adapt-to-machine.ts'
import type { DecodeRow, PromptPiece, RowRule } from '../../../src/engine/run/interface.ts'

interface Held {
  length: number
  sum: number
}

/** Numbers that depend on the sequence, and on the rows of the run as far as `bits` lets them. */
class RowModel implements AdaptableModel<Held> {
  readonly told: RowRule[] = []
  readonly decodeRuns = 0
  readonly open = new Set<Held>()
  readonly #bits: (rows: number) => number

  /** @param bits what a run with so many rows adds to each number */
  constructor(bits: (rows: number) => number) {
    this.#bits = bits
  }

  setRows(rule: RowRule): void {
    this.told.push(rule)
  }

  createCache(): Held {
    const cache = { length: 0, sum: 0 }
    this.open.add(cache)
    return cache
  }

  prefill(cache: Held, ids: readonly number[]): Promise<Float32Array> {
    return Promise.resolve(this.#feed(cache, ids, this.#rowsOf(1)))
  }

  prefillTogether(prompts: readonly PromptPiece<Held>[]): Promise<Float32Array[]> {
    const rows = this.#rowsOf(prompts.length)
    return Promise.resolve(prompts.map(({ cache, ids }) => this.#feed(cache, ids, rows)))
  }

  decode(wanted: readonly DecodeRow<Held>[]): Promise<Float32Array[]> {
    const rows = this.#rowsOf(wanted.length)
    return Promise.resolve(wanted.map(({ cache, id }) => this.#feed(cache, [id], rows)))
  }

  exportTokens(): Float32Array {
    return new Float32Array(0)
  }

  importTokens(cache: Held, _values: Float32Array, count: number): void {
    cache.length += count
  }

  discard(cache: Held): void {
    this.open.delete(cache)
  }

  /** Rows of a run in which so many sequences wait. */
  #rowsOf(sequences: number): number {
    const rule = this.told.at(-1)
    if (rule === 'one') return 1
    return rule === 'several' ? Math.max(2, sequences) : sequences
  }

  #feed(cache: Held, ids: readonly number[], rows: number): Float32Array {
    for (const id of ids) cache.sum = (cache.sum * 31 + id) % 65_521
    cache.length += ids.length
    return Float32Array.of(cache.sum, this.#bits(rows))
  }
}

const LIMITS = { contextLength: 512, vocabSize: 1024 }

describe('adaptToMachine', () => {
  for (const [what, bits, told] of [
    ['any number where all give the same bits', () => 0, ['any']],
    [
      'two at least where one row has a kernel of its own',
      (n) => Number(n === 1),
      ['any', 'several'],
    ],
    ['one where each number of rows gives other bits', (n) => n, ['any', 'several', 'one']],
  ] as [string, (rows: number) => number, RowRule[]][]) {
    it(`lets runs have ${what}`, async () => {
      const model = new RowModel(bits)
      const traits = await adaptToMachine(model, LIMITS)
      expect(traits).to.deep.equal({ rows: told.at(-1), cuts: true, blockTokens: 16 })
      expect(model.told).to.deep.equal(told)
      expect(model.open.size, 'it keeps no trial').to.equal(0)
    })
  }

  it('takes the most careful way when the context has no room for a trial', async () => {
    const model = new RowModel(() => 0)
    const traits = await adaptToMachine(model, { ...LIMITS, contextLength: 35 })
    expect(traits).to.deep.equal({ rows: 'one', cuts: false, blockTokens: 64 })
    expect(model.told).to.deep.equal(['one'])
  })
})
