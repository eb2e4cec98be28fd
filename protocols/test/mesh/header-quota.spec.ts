/** Tests: the quota of headers, and the funds behind it. */
import { expect } from 'chai'
import fc from 'fast-check'
import { requireFunds } from '../../src/mesh/header-funds.ts'
import { HeaderQuota } from '../../src/mesh/header-quota.ts'
import { expectCode } from '../support/expect-code.ts'
import type { Hex } from '@duckmesh/proto'

const DUCK = 10n ** 18n
const PAYER: Hex = `0x${'11'.repeat(20)}`

/** How many headers pass when so many are sent at once. */
function burst(quota: HeaderQuota, funds: bigint, now: number, payer = PAYER): number {
  let passed = 0
  while (passed < 1_000 && quota.take(payer, funds, now)) passed++
  return passed
}

describe('header quota', () => {
  it('gives ten headers at once for 10 DUCK and then one a second', () => {
    const quota = new HeaderQuota()
    expect(burst(quota, 10n * DUCK, 0)).to.equal(10)
    expect(quota.take(PAYER, 10n * DUCK, 999)).to.equal(false)
    expect(burst(quota, 10n * DUCK, 3_000)).to.equal(3)
  })

  it('grows with the funds, up to 100 at once', () => {
    expect(burst(new HeaderQuota(), 25n * DUCK, 0)).to.equal(25)
    expect(burst(new HeaderQuota(), 10_000n * DUCK, 0)).to.equal(100)
  })

  it('gives nothing for less than 10 DUCK, and a drained one shrinks with its funds', () => {
    const quota = new HeaderQuota()
    expect(burst(quota, 10n * DUCK - 1n, 0)).to.equal(0)
    expect(quota.payers).to.equal(0)
    quota.take(PAYER, 1_000n * DUCK, 0)
    expect(burst(quota, 10n * DUCK, 0)).to.equal(10)
  })

  it('counts payers apart and asks without taking', () => {
    const quota = new HeaderQuota()
    const other: Hex = `0x${'22'.repeat(20)}`
    expect(burst(quota, 10n * DUCK, 0)).to.equal(10)
    for (let i = 0; i < 20; i++) expect(quota.allows(other, 10n * DUCK, 0)).to.equal(true)
    expect(quota.allows(PAYER, 10n * DUCK, 0)).to.equal(false)
    expect(burst(quota, 10n * DUCK, 0, other)).to.equal(10)
  })

  it('remembers a bounded number of payers and never forgets a drained one', () => {
    const quota = new HeaderQuota({ maxPayers: 3 })
    const payer = (n: number): Hex => `0x${n.toString(16).padStart(40, '0')}`
    for (let n = 1; n <= 50; n++) burst(quota, 10n * DUCK, 0, payer(n))
    expect(quota.payers).to.equal(3)
    expect(quota.take(payer(1), 10n * DUCK, 0)).to.equal(false)
    expect(quota.take(payer(60), 10n * DUCK, 10_000)).to.equal(true)
  })

  it('never lets more pass than the burst and the rate allow, whatever the times', () => {
    const times = fc.array(fc.integer({ min: 0, max: 30_000 }), { maxLength: 400 })
    fc.assert(
      fc.property(times, fc.bigInt({ min: 10n, max: 300n }), (unsorted, ducks) => {
        const quota = new HeaderQuota()
        const sorted = [...unsorted].sort((a, b) => a - b)
        const passed = sorted.filter((now) => quota.take(PAYER, ducks * DUCK, now)).length
        const rate = Number(ducks) / 10
        const span = ((sorted.at(-1) ?? 0) - (sorted[0] ?? 0)) / 1_000
        expect(passed).to.be.at.most(Math.floor(Math.min(100, 10 * rate) + rate * span + 1e-6))
      }),
    )
  })
})

describe('header funds', () => {
  const funding = (funds: bigint | 'unknown') => ({ fundsOf: () => Promise.resolve(funds) })

  it('are at least 10 DUCK and known', async () => {
    expect(await requireFunds(funding(10n * DUCK), PAYER)).to.equal(10n * DUCK)
    const refused = await expectCode('UNFUNDED', () => requireFunds(funding(DUCK), PAYER))
    expect(refused.details).to.include({ have: DUCK, need: 10n * DUCK })
    await expectCode('CHAIN_UNREACHABLE', () => requireFunds(funding('unknown'), PAYER))
  })
})
