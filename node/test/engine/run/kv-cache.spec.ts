/** Tests: KvCache, KvArrays, KvBatch: what a row holds stays what it is wherever it lies. */
import { expect } from 'chai'
import fc from 'fast-check'
import { KvArrays, kvBytesPerToken } from '../../../src/engine/run/kv-arrays.ts'
import { KvBatch } from '../../../src/engine/run/kv-batch.ts'
import { CAPACITY_STEP, KvCache } from '../../../src/engine/run/kv-cache.ts'
import { KvPool } from '../../../src/engine/run/kv-pool.ts'

const DIMENSIONS = { layers: 2, kvHeads: 2, headSize: 3 }
const HEADS = 2 * DIMENSIONS.layers * DIMENSIONS.kvHeads

/** Values of one token: sequence, token and head can be read from each. */
function tokenValues(sequence: number, token: number): number[] {
  return Array.from(
    { length: HEADS * DIMENSIONS.headSize },
    (_, i) => sequence * 1e4 + token * 100 + i,
  )
}

function filled(sequence: number, length: number): KvCache {
  const cache = new KvCache(DIMENSIONS)
  for (let token = 0; token < length; token++) {
    cache.reserve(token + 1).importTokens(0, token, Float32Array.from(tokenValues(sequence, token)))
    cache.advance(1)
  }
  return cache
}

function heldBy(cache: KvCache): number[][] {
  return Array.from({ length: cache.length }, (_, token) => [
    ...(cache.own?.exportTokens(0, token, 1) ?? []),
  ])
}

describe('engine/run/kv-cache', () => {
  it('takes no memory before it is used, then grows in steps and keeps what it holds', () => {
    const cache = new KvCache(DIMENSIONS)
    expect(cache.own).to.equal(null)
    const full = filled(1, CAPACITY_STEP)
    expect(full.own?.capacity).to.equal(CAPACITY_STEP)
    expect(full.reserve(CAPACITY_STEP + 1).capacity).to.equal(2 * CAPACITY_STEP)
    expect(heldBy(full)[CAPACITY_STEP - 1]).to.deep.equal(tokenValues(1, CAPACITY_STEP - 1))
  })

  it('gives the graph one memory under both names, of as many rows as are asked for', () => {
    const arrays = new KvArrays(DIMENSIONS, 4, 32)
    expect(Object.keys(arrays.past(3))).to.deep.equal([
      'past_key_values.0.key',
      'past_key_values.0.value',
      'past_key_values.1.key',
      'past_key_values.1.value',
    ])
    expect(arrays.past(3)['past_key_values.1.key']?.dims).to.deep.equal([3, 2, 32, 3])
    expect(arrays.present(3)['present.1.key']).to.equal(arrays.past(3)['past_key_values.1.key'])
    expect(kvBytesPerToken(DIMENSIONS)).to.equal(2 * 2 * 2 * 3 * 4)
  })

  it('keeps every row whole while rows join, grow, leave and end in any order', () => {
    const action = fc.record({
      kind: fc.constantFrom('join', 'append', 'append', 'leave', 'drop'),
      pick: fc.nat(1000),
      length: fc.integer({ min: 0, max: 70 }),
    })
    fc.assert(
      fc.property(fc.array(action, { maxLength: 30 }), fc.constantFrom(1, 2), (actions, least) => {
        const batch = new KvBatch(new KvPool(DIMENSIONS), least)
        const names = new Map<KvCache, number>()
        const check = (cache: KvCache): void => {
          const name = names.get(cache) ?? -1
          const expected = Array.from({ length: cache.length }, (_, t) => tokenValues(name, t))
          expect(heldBy(cache)).to.deep.equal(expected)
        }
        actions.forEach(({ kind, pick, length }, index) => {
          const chosen = batch.rows[pick % Math.max(1, batch.rows.length)]
          if (kind === 'join') {
            const cache = filled(index, length)
            names.set(cache, index)
            batch.join([cache])
          } else if (kind === 'append' && batch.rows.length > 0) {
            expect(batch.prepare().rows).to.be.at.least(least)
            batch.append(newTokens(batch, names))
          } else if (kind === 'leave' && chosen !== undefined) {
            batch.leave(chosen)
            check(chosen)
          } else if (kind === 'drop' && chosen !== undefined) batch.drop(chosen)
        })
        for (const cache of [...batch.rows]) {
          batch.leave(cache)
          check(cache)
        }
        expect(batch.rows).to.deep.equal([])
      }),
      { numRuns: 60 },
    )
  })
})

/** What the graph would give: [2 · layers, rows, kvHeads, headSize]. */
function newTokens(batch: KvBatch, names: ReadonlyMap<KvCache, number>): Float32Array {
  const { kvHeads, headSize, layers } = DIMENSIONS
  const rows = batch.rows.map((cache) => tokenValues(names.get(cache) ?? -1, cache.length))
  const width = kvHeads * headSize
  const values: number[] = []
  for (let array = 0; array < 2 * layers; array++) {
    for (const row of rows) values.push(...row.slice(array * width, (array + 1) * width))
  }
  return Float32Array.from(values)
}
