import { expect } from 'chai'
import { hexToBytes, signedReceiptCodec, tokenHash } from '@duckmesh/proto'
import { forever } from '../../support/job-helpers.ts'
import { Fleet } from '../support/fleet.ts'
import { changeReveal, ended, expectAgreed, expectNoCopying } from '../support/member-checks.ts'
import { expectPaid, isLastReceipt, texts } from '../support/member-checks.ts'

describe('a redundant job', () => {
  it('is computed by k members, committed, paid, revealed and equal', async () => {
    const fleet = new Fleet(5)
    const { outcome, events } = await fleet.finish(await fleet.redundant())
    expectAgreed(outcome, events)
    expect(outcome).to.include({ finishReason: 'length', tokensIn: 10 })
    expect(outcome.segments.map(({ segment }) => segment)).to.deep.equal([0, 1, 2])
    await expectPaid(fleet, outcome)
    expectNoCopying(fleet)
    const path = ['posted', 'awarded', 'accepted', 'running', 'completed', 'finalized']
    expect(outcome.states.map(({ state }) => state)).to.deep.equal(path)
    // Nobody but the members was asked.
    expect(new Set(fleet.wire.map(({ index }) => index))).to.deep.equal(new Set([0, 1, 2]))
    expect(events.filter(({ type }) => type === 'reveal')).to.have.length(3)
  })

  it('pays each step after its commitment, to the wei and never ahead', async () => {
    const fleet = new Fleet(3)
    await fleet.finish(await fleet.redundant())
    for (const { frame } of fleet.sent('award')) expect(frame.award.voucher).to.equal(undefined)
    for (const { index } of fleet.providers) {
      const frames = fleet.wire.filter((one) => one.index === index)
      const money = frames.flatMap(({ frame }) => {
        if (frame.kind === 'receipt') return [-frame.receipt.receipt.receipt.amount]
        return frame.kind === 'voucher' ? [frame.voucher.amount] : []
      })
      expect(money).to.have.length(6)
      // Receipt, voucher, receipt, voucher: each pays exactly the one before.
      for (let pair = 0; pair < 6; pair += 2) {
        expect(money[pair]).to.equal(-(money[pair + 1] ?? 0n))
        expect((money[pair] ?? 0n) < 0n).to.equal(true)
      }
    }
  })

  it('hides equal answers behind unlike commitments, which the rows can open', async () => {
    const fleet = new Fleet(3)
    const { outcome } = await fleet.finish(await fleet.redundant())
    const roots = outcome.segments.flatMap(({ receipts }) => receipts.map((one) => one.tokensRoot))
    expect(new Set(roots).size).to.equal(9)
    expect(roots).to.not.include(tokenHash(outcome.ids))
    for (const { segment } of outcome.segments) {
      for (const log of [fleet.payer.jobLog, fleet.at(segment).jobLog]) {
        const row = await log.getSegment({ jobId: outcome.jobId, segment })
        const salt = hexToBytes(row?.salt ?? '0x', 32)
        const [, , last] = (row?.receipts ?? []).map(
          (one) => signedReceiptCodec.decode(one).receipt,
        )
        expect(row?.state).to.equal('finalized')
        expect(tokenHash(row?.completionIds ?? [], salt)).to.equal(last?.tokensRoot)
      }
    }
  })

  it('with one unequal answer is disputed: all are paid, no text is shown', async () => {
    const fleet = new Fleet(4)
    fleet.at(1).engine.script = { firstId: 5_000 }
    const { outcome, events } = await fleet.finish(await fleet.redundant())
    expect(outcome).to.nested.include({ state: 'disputed', 'failure.code': 'RESULTS_DIFFER' })
    expect(outcome).to.include({ agreed: false, text: '' })
    expect(texts(events)).to.deep.equal([])
    expect(ended(outcome)).to.deep.equal(['finalized', 'finalized', 'finalized'])
    await expectPaid(fleet, outcome)
    // What differs can be looked at.
    expect(outcome.segments[1]?.ids[0]).to.equal(5_000)
    expect(events.filter(({ type }) => type === 'reveal')).to.have.length(3)
  })

  it('takes answers of unlike length for unequal', async () => {
    const fleet = new Fleet(3)
    fleet.at(2).engine.script = { stopAfter: 100 }
    const { outcome } = await fleet.finish(await fleet.redundant())
    expect(outcome).to.include({ state: 'disputed', agreed: false })
    await expectPaid(fleet, outcome)
  })

  it('shows the text that most members gave, because ids alone are committed', async () => {
    const fleet = new Fleet(3)
    changeReveal(fleet.at(0), (reveal) => [{ ...reveal, text: 'buy ducks at my shop' }])
    const { outcome, events } = await fleet.finish(await fleet.redundant())
    expectAgreed(outcome, events)
  })

  it('works with one member, and with answers that end by themselves', async () => {
    for (const [replicas, stopAfter] of [
      [1, 30],
      [2, 64],
      [3, 1],
    ] as const) {
      const fleet = new Fleet(replicas)
      for (const { engine } of fleet.providers) engine.script = { stopAfter }
      const { outcome, events } = await fleet.finish(await fleet.redundant({ replicas }))
      expectAgreed(outcome, events, stopAfter)
      expect(outcome.finishReason).to.equal('stop')
      await expectPaid(fleet, outcome)
    }
  })

  it('that costs nothing still waits for every commitment before it reveals', async () => {
    const fleet = new Fleet(3)
    // A channel has a voucher to show once something was paid on it.
    await fleet.finish(await fleet.redundant())
    fleet.wire.length = 0
    for (const { place } of fleet.providers) Object.assign(place, { priceIn: 0n, priceOut: 0n })
    const { outcome, events } = await fleet.finish(await fleet.redundant())
    expectAgreed(outcome, events)
    expect(outcome.paid).to.equal(0n)
    expectNoCopying(fleet)
  })

  it('leaves the slots of members that wait for the others', async () => {
    const fleet = new Fleet(3)
    fleet.at(2).engine.script = { gate: (now) => (now < 64 ? undefined : forever) }
    const job = await fleet.redundant()
    const lasts = (): number => fleet.wire.filter(({ frame }) => isLastReceipt(frame)).length
    await fleet.until(() => lasts() === 2, 'two commitments')
    await fleet.quiet()
    expect(fleet.at(0).server.inFlight).to.equal(0)
    expect(fleet.at(0).engine.open_).to.equal(0)
    expect(fleet.at(2).server.inFlight).to.equal(1)
    job.cancel()
    await fleet.finish(job)
  })
})
