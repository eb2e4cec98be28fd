import { expect } from 'chai'
import { holdAt } from '../../support/job-helpers.ts'
import { Fleet } from '../support/fleet.ts'
import type { PlanInput } from '../support/fleet.ts'
import { expectAgreed } from '../support/member-checks.ts'

/** Providers that ask nothing, of a payer that allotted them nothing. */
function freeFleet(size: number): Fleet {
  const fleet = new Fleet(size, 0n)
  for (const { place } of fleet.providers) Object.assign(place, { priceIn: 0n, priceOut: 0n })
  return fleet
}

async function expectNothingOwed(fleet: Fleet): Promise<void> {
  for (const { index } of fleet.providers) {
    expect(await fleet.settled(index)).to.deep.equal({ mine: 0n, theirs: 0n, open: 0 })
  }
}

describe('jobs that cost nothing', () => {
  const lanes: [string, PlanInput][] = [
    ['after an auction', {}],
    ['on the direct lane', { auctioned: false }],
    ['with nothing to spend', { maxPrice: 0n }],
  ]
  for (const [what, input] of lanes) {
    it(`run all their steps ${what}: one voucher over nothing, then none`, async () => {
      const fleet = freeFleet(2)
      const { outcome } = await fleet.finish(await fleet.stream({ maxTokens: 160, ...input }))
      expect(outcome).to.include({ state: 'finalized', paid: 0n, inDoubt: 0n })
      expect(outcome.ids).to.have.length(160)
      expect(outcome.segments).to.have.length(1)
      const { receipts = [] } = outcome.segments[0] ?? {}
      expect(receipts.map(({ amount }) => amount)).to.deep.equal([0n, 0n, 0n])
      const [award] = fleet.sent('award')
      expect(award?.frame.award.voucher?.voucher.voucher.cumulative).to.equal(0n)
      expect(fleet.sent('voucher')).to.deep.equal([])
      await expectNothingOwed(fleet)
    })
  }

  it('go on with a backup, free or not', async () => {
    const fleet = freeFleet(2)
    const { owner, place } = fleet.at(1)
    Object.assign(place, { priceOut: 1_000_007n })
    fleet.port.allot(fleet.payer.address, owner, 10n ** 15n)
    fleet.at(0).engine.script = { failAt: { tokens: 70, error: new Error('broken') } }
    const { outcome } = await fleet.finish(await fleet.stream())
    expect(outcome.state).to.equal('finalized')
    expect(outcome.segments.map(({ paid }) => paid > 0n)).to.deep.equal([false, true])
  })

  it('are computed by k members: a release over nothing opens what they committed', async () => {
    const fleet = freeFleet(3)
    const { outcome, events } = await fleet.finish(await fleet.redundant({ maxPrice: 0n }))
    expectAgreed(outcome, events)
    expect(outcome.paid).to.equal(0n)
    // The release alone, of each member, after its last commitment.
    const vouchers = fleet.sent('voucher')
    expect(vouchers.map(({ frame, index }) => [index, frame.voucher.amount])).to.have.deep.members([
      [0, 0n],
      [1, 0n],
      [2, 0n],
    ])
    const lastReceipt = fleet.wire.findLastIndex(({ frame }) => frame.kind === 'receipt')
    const firstVoucher = fleet.wire.findIndex(({ frame }) => frame.kind === 'voucher')
    expect(firstVoucher).to.be.above(lastReceipt)
    await expectNothingOwed(fleet)
  })

  it('end when they are cancelled, with nothing to pay', async () => {
    for (const mode of [1, 0] as const) {
      const fleet = freeFleet(3)
      for (const { engine } of fleet.providers) engine.script = holdAt(96)
      const job = mode === 1 ? await fleet.stream() : await fleet.redundant()
      await fleet.until(() => fleet.sent('receipt').length === (mode === 1 ? 1 : 3))
      await fleet.quiet()
      job.cancel()
      const { outcome } = await fleet.finish(job)
      expect(outcome).to.include({ state: 'cancelled', paid: 0n, inDoubt: 0n })
      await expectNothingOwed(fleet)
    }
  })
})
