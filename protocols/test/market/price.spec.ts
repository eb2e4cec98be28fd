import { expect } from 'chai'
import fc from 'fast-check'
import { sizeBucket } from '../../src/market/bucket.ts'
import { stepPrice } from '../../src/market/price.ts'
import { expectCode } from '../support/expect-code.ts'

describe('step price', () => {
  it('rounds up once over prompt and answer', () => {
    expect(stepPrice(1n, 1n, 1, 0)).to.equal(1n)
    expect(stepPrice(1n, 1n, 500, 500)).to.equal(1n)
    expect(stepPrice(1n, 1n, 500, 501)).to.equal(2n)
    expect(stepPrice(250_000_000_000_000_000n, 10n ** 18n, 128, 64)).to.equal(96n * 10n ** 15n)
    expect(stepPrice(0n, 0n, 4_096, 64)).to.equal(0n)
  })

  it('is the exact quotient, rounded up', () => {
    const wei = fc.bigInt({ min: 0n, max: 2n ** 96n - 1n })
    const tokens = fc.nat({ max: 2 ** 31 })
    fc.assert(
      fc.property(wei, wei, tokens, tokens, (priceIn, priceOut, tokensIn, tokensOut) => {
        const exact = priceIn * BigInt(tokensIn) + priceOut * BigInt(tokensOut)
        const price = stepPrice(priceIn, priceOut, tokensIn, tokensOut)
        expect(price * 1_000n >= exact && (price - 1n) * 1_000n < exact).to.equal(true)
      }),
    )
  })
})

describe('size bucket', () => {
  it('is the smallest power of two that holds the prompt', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 30 }), (tokens) => {
        const bucket = sizeBucket(tokens)
        expect(Number.isInteger(Math.log2(bucket))).to.equal(true)
        expect(bucket >= tokens && (bucket === 1 || bucket / 2 < tokens)).to.equal(true)
      }),
    )
    for (let exponent = 0; exponent <= 30; exponent++) {
      expect(sizeBucket(2 ** exponent)).to.equal(2 ** exponent)
      if (exponent < 30) expect(sizeBucket(2 ** exponent + 1)).to.equal(2 ** (exponent + 1))
    }
  })

  it('refuses what is no prompt length', async () => {
    for (const tokens of [0, -1, 1.5, Number.NaN, 2 ** 30 + 1]) {
      await expectCode('FIELD_OUT_OF_RANGE', () => sizeBucket(tokens))
    }
  })
})
