import { expect } from 'chai'
import fc from 'fast-check'
import { bidPrice, bidScore, priceCap } from '../../../src/market/auction/score.ts'
import { AuctionFixture } from './auction-fixture.ts'

const amount = fc.bigInt({ min: 0n, max: 2n ** 96n - 1n })
const eta = fc.integer({ min: 0, max: 2 ** 32 - 1 })

describe('score rule 1', () => {
  it('prices the whole bucket in and all tokens out, rounded up', () => {
    const sizes = { inBucket: 64, maxTokens: 128 }
    expect(bidPrice({ priceIn: 250n, priceOut: 1_000n }, sizes)).to.equal(144n)
    expect(bidPrice({ priceIn: 1n, priceOut: 0n }, sizes)).to.equal(1n)
    expect(bidPrice({ priceIn: 0n, priceOut: 0n }, sizes)).to.equal(0n)
  })

  it('leaves a bid within the reference time at its price', () => {
    for (const ms of [0, 1, 1_999, 2_000]) expect(bidScore(7n, ms)).to.equal(7_000_000n)
  })

  it('multiplies by the lateness and the fourth power of the lack of quality', () => {
    expect(bidScore(7n, 3_000)).to.equal(10_500_000n)
    expect(bidScore(7n, 2_001)).to.equal(7_003_500n)
    expect(bidScore(16n, 0, 500_000n)).to.equal(256_000_000n)
  })

  it('grows with price and time and falls with quality', () => {
    fc.assert(
      fc.property(amount, amount, eta, eta, (p1, p2, e1, e2) => {
        const [low, high] = p1 < p2 ? [p1, p2] : [p2, p1]
        expect(bidScore(low, e1) <= bidScore(high, e1)).to.equal(true)
        const [soon, late] = e1 < e2 ? [e1, e2] : [e2, e1]
        expect(bidScore(p1, soon) <= bidScore(p1, late)).to.equal(true)
        expect(bidScore(p1, e1, 900_000n) >= bidScore(p1, e1)).to.equal(true)
      }),
      { numRuns: 100 },
    )
  })

  it('caps a member at its share of the price of the job', async () => {
    const { header } = await new AuctionFixture().header({ maxPrice: 10n, mode: 0, replicas: 3 })
    expect(priceCap(header)).to.equal(3n)
  })
})
