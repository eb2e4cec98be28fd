/** Rule E-6. */
import { expect } from 'chai'
import fc from 'fast-check'
import { lnWad } from '../../src/election/index.ts'
import { expectCode } from '../support/expect-code.ts'

const WAD = 10n ** 18n
const inTheRace = fc.bigInt({ min: 1n, max: WAD })

describe('lnWad', () => {
  it('agrees with the logarithm of the platform to its precision', () => {
    fc.assert(
      fc.property(inTheRace, (x) => {
        expect(Number(lnWad(x)) / 1e18).to.be.closeTo(Math.log(Number(x) / 1e18), 1e-12)
      }),
    )
  })

  it('never falls when its argument grows', () => {
    fc.assert(
      fc.property(inTheRace, fc.bigInt({ min: 1n, max: 2n ** 64n }), (x, more) => {
        expect(lnWad(x + more) >= lnWad(x)).to.equal(true)
        expect(lnWad(x + 1n) >= lnWad(x)).to.equal(true)
      }),
    )
  })

  it('is at most zero up to one, so scores are never negative', () => {
    fc.assert(fc.property(inTheRace, (x) => lnWad(x) <= 0n))
    expect(lnWad(WAD)).to.equal(0n)
  })

  it('refuses what has no logarithm or does not fit int256', async () => {
    for (const x of [0n, -1n, -WAD, 2n ** 255n, 2n ** 256n - 1n]) {
      await expectCode('FIELD_OUT_OF_RANGE', () => lnWad(x))
    }
  })
})
