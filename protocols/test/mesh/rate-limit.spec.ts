import { expect } from 'chai'
import fc from 'fast-check'
import { RateLimit } from '../../src/mesh/rate-limit.ts'

describe('rate limit', () => {
  it('gives the burst at once and then the rate', () => {
    const limit = new RateLimit({ ratePerS: 2, burst: 2 })
    expect([limit.take('a', 0), limit.take('a', 0), limit.take('a', 0)]).to.deep.equal([
      true,
      true,
      false,
    ])
    expect(limit.take('a', 499)).to.equal(false)
    expect(limit.take('a', 500)).to.equal(true)
    expect(limit.take('a', 500)).to.equal(false)
    expect(limit.take('b', 500)).to.equal(true)
  })

  it('never gives more than burst plus rate times time', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 2_000 }), { maxLength: 80 }), (waits) => {
        const limit = new RateLimit({ ratePerS: 1, burst: 3 })
        let now = 0
        let taken = 0
        for (const wait of waits) {
          now += wait
          if (limit.take('a', now)) taken++
        }
        expect(taken).to.be.at.most(3 + now / 1_000)
      }),
    )
  })

  it('gains nothing when the clock goes back', () => {
    const limit = new RateLimit({ ratePerS: 1, burst: 1 })
    expect(limit.take('a', 10_000)).to.equal(true)
    expect(limit.take('a', 0)).to.equal(false)
  })

  it('drops full buckets when the table is full, and refuses newcomers while all are drained', () => {
    const limit = new RateLimit({ ratePerS: 1, burst: 1, maxKeys: 2 })
    limit.take('a', 0)
    limit.take('b', 0)
    expect(limit.take('c', 500)).to.equal(false)
    expect(limit.take('a', 500)).to.equal(false)
    expect(limit.take('c', 1_000)).to.equal(true)
    expect(limit.keys).to.be.at.most(2)
  })
})
