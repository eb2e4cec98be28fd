import { expect } from 'chai'
import { RedundantJob, segmentPriceCap } from '../../../src/dispatch/index.ts'
import { DuckMeshError } from '../../../src/errors.ts'
import { forever } from '../../support/job-helpers.ts'
import { Fleet, answerOf, billed } from '../support/fleet.ts'
import { ended, expectAgreed, expectPaid, lastReceipted } from '../support/member-checks.ts'
import { texts } from '../support/member-checks.ts'

describe('the money of a redundant job', () => {
  const caps = (fleet: Fleet, count: number): bigint =>
    fleet.providers
      .slice(0, count)
      .map(({ place }) => segmentPriceCap({ ...place, inBucket: 16, maxTokens: 160, budget: 0n }))
      .reduce((sum, cap) => sum + cap, 0n)

  it('fits exactly: each award carries what its member can cost at most', async () => {
    const fleet = new Fleet(3)
    for (const { engine } of fleet.providers) engine.script = { tokensIn: 16 }
    const maxPrice = caps(fleet, 3)
    const { outcome, events } = await fleet.finish(await fleet.redundant({ maxPrice }))
    expectAgreed(outcome, events)
    expect(outcome.paid).to.equal(maxPrice)
    const budgets = fleet.sent('award').map(({ frame }) => frame.award.award.award.budget)
    expect(budgets.reduce((sum, one) => sum + one, 0n)).to.equal(maxPrice)
  })

  it('that is one wei short is shared, and the member that misses it stops paid and unpunished', async () => {
    const fleet = new Fleet(3)
    for (const { engine } of fleet.providers) engine.script = { tokensIn: 16 }
    const maxPrice = caps(fleet, 3) - 100n
    const { outcome } = await fleet.finish(await fleet.redundant({ maxPrice }))
    expect(outcome).to.nested.include({ state: 'failed', 'failure.code': 'BUDGET' })
    expect(outcome.paid <= maxPrice).to.equal(true)
    await expectPaid(fleet, outcome)
  })

  it('pays no replacement above maxPrice', async () => {
    const fleet = new Fleet(4)
    fleet.at(0).engine.script = { gate: (now) => (now < 128 ? undefined : forever) }
    const maxPrice = caps(fleet, 3)
    const { outcome } = await fleet.finish(await fleet.redundant({ maxPrice }))
    // Two steps of the first are paid; what is left does not pay a fourth from scratch to its end.
    expect(outcome).to.nested.include({ state: 'failed', 'failure.code': 'BUDGET' })
    expect(outcome.paid <= maxPrice).to.equal(true)
    const signed = await fleet.payer.ledger.listChannels()
    expect(signed.reduce((sum, { paid }) => sum + paid, 0n) <= maxPrice).to.equal(true)
  })

  it('uses what ended members left over for replacements', async () => {
    const fleet = new Fleet(4)
    fleet.at(0).engine.script = { failOpen: new DuckMeshError('ENGINE_BUSY', 'No room.') }
    const maxPrice = caps(fleet, 3) + 200n
    const { outcome, events } = await fleet.finish(await fleet.redundant({ maxPrice }))
    expectAgreed(outcome, events)
    expect(outcome.paid <= maxPrice).to.equal(true)
  })

  it('after a re-match counts what was committed before', async () => {
    const fleet = new Fleet(3)
    const plan = await fleet.plan({ mode: 0, replicas: 3 })
    const committed = plan.order.order.maxPrice - 10n
    const job = new RedundantJob(fleet.components, { ...plan, committed, firstSegment: 4 })
    const { outcome } = await fleet.finish(job)
    expect(outcome).to.nested.include({ state: 'failed', 'failure.code': 'BUDGET' })
    expect(fleet.wire).to.deep.equal([])
    expect(outcome.nextSegment).to.equal(7)
  })
})

describe('cancelling a redundant job', () => {
  for (const turns of [0, 2, 5, 9, 14, 20, 27, 35, 44, 54, 70, 100]) {
    it(`${turns} turns after the start pays what is receipted, and no more`, async () => {
      const fleet = new Fleet(4)
      fleet.at(2).engine.script = { gate: (now) => (now < 96 ? undefined : forever) }
      const job = await fleet.redundant()
      for (let turn = 0; turn < turns; turn += 1) await new Promise((next) => setImmediate(next))
      job.cancel()
      const { outcome, events } = await fleet.finish(job)
      expect(outcome).to.nested.include({ state: 'cancelled', 'failure.code': 'CANCELLED' })
      expect(texts(events)).to.deep.equal([])
      await expectPaid(fleet, outcome)
      for (const { paid, receipts } of outcome.segments) expect(paid).to.equal(billed(receipts))
    })
  }

  it('while members wait for the slow one pays their last step too', async () => {
    const fleet = new Fleet(3)
    fleet.at(2).engine.script = { gate: (now) => (now < 96 ? undefined : forever) }
    const job = await fleet.redundant()
    await fleet.until(() => lastReceipted(fleet, fleet.at(0)) && lastReceipted(fleet, fleet.at(1)))
    await fleet.quiet()
    job.cancel()
    const { outcome } = await fleet.finish(job)
    expect(outcome.segments.map(({ state }) => state)).to.deep.equal([
      'cancelled',
      'cancelled',
      'cancelled',
    ])
    const tokens = outcome.segments.map(({ receipts }) =>
      receipts.reduce((sum, { tokensOut }) => sum + tokensOut, 0),
    )
    expect(tokens).to.deep.equal([160, 160, 96])
    for (const { paid, receipts } of outcome.segments) expect(paid).to.equal(billed(receipts))
    await expectPaid(fleet, outcome)
  })

  it('after the release changes nothing', async () => {
    const fleet = new Fleet(3)
    const job = await fleet.redundant()
    fleet.at(0).toProvider = (frame) => {
      if (frame.kind === 'voucher' && lastReceipted(fleet, fleet.at(0))) job.cancel()
      return [frame]
    }
    const { outcome } = await fleet.finish(job)
    expect(outcome.state).to.equal('finalized')
  })
})

describe('the deadline of a redundant job', () => {
  it('pays and reveals those that committed, and ends the others', async () => {
    const fleet = new Fleet(4)
    fleet.at(2).engine.script = { gate: (now) => (now < 96 ? undefined : forever) }
    const { outcome } = await fleet.finish(await fleet.redundant({ lifeMs: 10_000 }))
    expect(outcome).to.nested.include({ state: 'failed', 'failure.code': 'JOB_EXPIRED' })
    expect(ended(outcome)).to.deep.equal(['finalized', 'finalized', 'JOB_EXPIRED'])
    const [first] = outcome.segments
    expect(first?.text).to.equal(answerOf(160).text)
    expect(first?.paid).to.equal(billed(first?.receipts ?? []))
    expect(fleet.sent('award')).to.have.length(3)
  })

  it('finds a member with its answer unpaid: it keeps ids and salt, and says so', async () => {
    const fleet = new Fleet(1)
    fleet.at(0).toProvider = (frame) =>
      frame.kind === 'voucher' && lastReceipted(fleet, fleet.at(0)) ? [] : [frame]
    const job = await fleet.redundant({ replicas: 1, lifeMs: 10_000 })
    const { outcome } = await fleet.finish(job)
    expect(ended(outcome)).to.deep.equal(['REVEAL_MISSING'])
    await fleet.pass(20_000)
    const row = await fleet.at(0).jobLog.getSegment({ jobId: outcome.jobId, segment: 0 })
    expect(row?.failure?.code).to.equal('PAYMENT_MISSING')
    expect(row?.completionIds).to.have.length(160)
    expect(row?.salt).to.match(/^0x[0-9a-f]{64}$/)
    expect(fleet.sent('reveal')).to.deep.equal([])
  })
})
