import { expect } from 'chai'
import { KvCache } from '../../../src/engine/run/kv-cache.ts'

const DIMENSIONS = { layers: 1, kvHeads: 2, headSize: 4 }

describe('engine/run/kv-cache', () => {
  it('takes no memory before it is used, then grows in buckets', () => {
    const cache = new KvCache(DIMENSIONS)
    expect(cache.capacity).to.equal(0)
    const capacities = [1, 64, 65, 129, 512].map((tokens) => {
      cache.reserve(tokens)
      return cache.capacity
    })
    expect(capacities).to.deep.equal([64, 64, 128, 256, 512])
  })

  it('gives the graph one memory under both names', () => {
    const cache = new KvCache(DIMENSIONS)
    cache.reserve(1)
    expect(Object.keys(cache.past)).to.deep.equal([
      'past_key_values.0.key',
      'past_key_values.0.value',
    ])
    expect(cache.past['past_key_values.0.value']).to.equal(cache.present['present.0.value'])
  })

  it('keeps what each head holds when it grows', () => {
    const cache = new KvCache(DIMENSIONS)
    cache.reserve(64)
    const before = cache.past['past_key_values.0.key']?.data as Float32Array
    before.forEach((_, i) => (before[i] = i))
    cache.advance(3)
    cache.reserve(100)
    const after = cache.past['past_key_values.0.key']?.data as Float32Array
    expect([...after.subarray(0, 12)]).to.deep.equal([...before.subarray(0, 12)])
    const secondHead = [...after.subarray(128 * 4, 128 * 4 + 12)]
    expect(secondHead).to.deep.equal([...before.subarray(64 * 4, 64 * 4 + 12)])
    expect(after.length).to.equal(2 * 128 * 4)
  })
})
