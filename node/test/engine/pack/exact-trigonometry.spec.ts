import { expect } from 'chai'
import fc from 'fast-check'
import { integerPower, nthRoot, sineCosine } from '../../../src/engine/pack/exact-trigonometry.ts'
import { rotaryTables } from '../../../src/engine/pack/rotary-tables.ts'

describe('engine/pack/exact-trigonometry', () => {
  it('agrees with the platform to 1e-11', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 500_000, noNaN: true }), (x) => {
        const { sine, cosine } = sineCosine(x)
        expect(Math.abs(sine - Math.sin(x))).to.be.below(1e-11)
        expect(Math.abs(cosine - Math.cos(x))).to.be.below(1e-11)
      }),
    )
  })

  it('finds roots to the last bits', () => {
    for (const [value, n] of [
      [10_000, 16],
      [500_000, 64],
      [1, 8],
      [1e9, 256],
    ] as const) {
      expect(integerPower(nthRoot(value, n), n) / value).to.be.closeTo(1, 1e-12)
    }
  })

  it('gives the rotary angles p · theta^(−2j/d)', () => {
    const { cosines, sines } = rotaryTables(512, 32, 10_000)
    for (const [p, j] of [
      [0, 0],
      [511, 0],
      [300, 7],
      [511, 15],
    ] as const) {
      const angle = p * Math.pow(10_000, (-2 * j) / 32)
      expect(cosines[p * 16 + j]).to.be.closeTo(Math.cos(angle), 1e-7)
      expect(sines[p * 16 + j]).to.be.closeTo(Math.sin(angle), 1e-7)
    }
  })
})
