/** Tests: KvPool gives memory again, and keeps a bounded amount of it. */
import { expect } from 'chai'
import { kvBytesPerToken } from '../../../src/engine/run/kv-arrays.ts'
import { KvPool, MAX_POOLED_BYTES } from '../../../src/engine/run/kv-pool.ts'

const DIMENSIONS = { layers: 1, kvHeads: 1, headSize: 1024 }

describe('engine/run/kv-pool', () => {
  it('gives arrays of the asked size again, and no other, to one taker at a time', () => {
    const pool = new KvPool(DIMENSIONS)
    const first = pool.take(2, 32)
    pool.give(first)
    expect(pool.take(4, 32)).not.to.equal(first)
    expect(pool.take(2, 64)).not.to.equal(first)
    expect(pool.take(2, 32)).to.equal(first)
    expect(pool.take(2, 32)).not.to.equal(first)
  })

  it('lets go of what was given first when it holds too much', () => {
    const pool = new KvPool(DIMENSIONS)
    const half = MAX_POOLED_BYTES / kvBytesPerToken(DIMENSIONS) / 2
    const [first, second, third] = [pool.take(1, half), pool.take(1, half), pool.take(1, half)]
    for (const arrays of [first, second, third]) pool.give(arrays)
    expect([pool.take(1, half), pool.take(1, half)]).to.deep.equal([second, third])
    expect(pool.take(1, half)).not.to.equal(first)
  })
})
