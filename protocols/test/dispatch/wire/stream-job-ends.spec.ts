import { expect } from 'chai'
import fc from 'fast-check'
import { StreamJob, firstStepPrice } from '../../../src/dispatch/index.ts'
import type { JobOutcome } from '../../../src/dispatch/index.ts'
import { stepPrice } from '../../../src/market/index.ts'
import { forever } from '../../support/job-helpers.ts'
import { Fleet, answerOf } from '../support/fleet.ts'
import { expectWhole, hold } from '../support/stream-checks.ts'

describe('the money of a streaming job', () => {
  it('never goes above maxPrice: a backup that the rest does not pay is not awarded', async () => {
    const fleet = new Fleet(2)
    const held = hold(fleet, 0, 72)
    const { priceIn, priceOut } = fleet.at(0).place
    // Enough for the two steps that were paid, not for a third with a longer prompt.
    const maxPrice = stepPrice(priceIn, priceOut, 16, 64) + stepPrice(priceIn, priceOut, 0, 64)
    const finishing = fleet.finish(await fleet.stream({ maxPrice }))
    await fleet.until(() => fleet.sent('chunk').length === 9, 'tokens')
    await fleet.quiet()
    fleet.at(0).cut()
    held.open()
    const { outcome } = await finishing
    expect(outcome).to.nested.include({ state: 'failed', 'failure.code': 'BUDGET' })
    expect(outcome.segments).to.have.length(1)
    expect(outcome.paid + outcome.inDoubt <= maxPrice).to.equal(true)
    expect(outcome.ids).to.have.length(72)
  })

  it('ends with BUDGET at the provider that serves, and asks no dearer one', async () => {
    const fleet = new Fleet(2)
    const { priceIn, priceOut } = fleet.at(0).place
    const maxPrice = stepPrice(priceIn, priceOut, 16, 64) + 10n
    const { outcome } = await fleet.finish(await fleet.stream({ maxPrice }))
    expect(outcome).to.nested.include({ state: 'failed', 'failure.code': 'BUDGET' })
    expect(outcome.segments).to.have.length(1)
    expect(outcome.ids).to.have.length(64)
    expect(outcome.paid <= maxPrice).to.equal(true)
  })

  it('skips a place that is too dear and asks a cheaper one', async () => {
    const fleet = new Fleet(2)
    const plan = await fleet.plan({ maxTokens: 64 })
    const terms = { inBucket: 16, maxTokens: 64, budget: 0n }
    const { order } = plan.order
    const cheap = firstStepPrice({ ...terms, ...fleet.at(0).place })
    const tight = { ...plan, committed: order.maxPrice - cheap, firstSegment: 5 }
    const ranked = [fleet.at(1).place, fleet.at(0).place]
    const job = new StreamJob(fleet.components, { ...tight, ranked })
    const { outcome } = await fleet.finish(job)
    expectWhole(outcome, 64)
    // After a re-match: segments and money go on from what the first match used.
    expect(outcome.segments.map(({ segment }) => segment)).to.deep.equal([6])
    expect(fleet.sent('award')[0]?.frame.award.award.award.budget).to.equal(cheap)
    expect(outcome.nextSegment).to.equal(7)
  })

  it('counts a step in doubt as spent', async () => {
    const fleet = new Fleet(2)
    const held = hold(fleet, 0, 8)
    const maxPrice = 10n ** 9n
    const finishing = fleet.finish(await fleet.stream({ maxPrice }))
    await fleet.until(() => fleet.sent('chunk').length === 1, 'tokens')
    await fleet.quiet()
    fleet.at(0).cut()
    held.open()
    const { outcome } = await finishing
    expectWhole(outcome)
    const [first, second] = outcome.segments
    const { priceIn, priceOut } = fleet.at(0).place
    expect(first).to.include({ paid: 0n, inDoubt: stepPrice(priceIn, priceOut, 16, 64) })
    expect(second?.budget).to.equal(maxPrice - (first?.inDoubt ?? 0n))
  })
})

describe('the money of a streaming job, whatever breaks', () => {
  it('stays below maxPrice, and the answer is a beginning of the right one', async () => {
    const place = fc.integer({ min: 0, max: 159 }).map((tokens) => tokens - (tokens % 8))
    const share = fc.bigInt({ min: 90n, max: 400n })
    await fc.assert(
      fc.asyncProperty(fc.array(place, { minLength: 2, maxLength: 2 }), share, async (at, part) => {
        const fleet = new Fleet(3)
        const { priceIn, priceOut } = fleet.at(0).place
        const maxPrice = (stepPrice(priceIn, priceOut, 16, 64) * part) / 100n
        for (const [index, tokens] of at.entries()) {
          const { engine } = fleet.at(index)
          // The stream breaks when the engine is asked for the token after these.
          engine.script = {
            gate: (now) => {
              if (now < tokens) return undefined
              fleet.at(index).cut()
              return fleet.quiet()
            },
          }
        }
        const { outcome } = await fleet.finish(await fleet.stream({ maxPrice }))
        expect(outcome.paid + outcome.inDoubt <= maxPrice).to.equal(true)
        const whole = answerOf(160)
        expect(outcome.ids).to.deep.equal(whole.ids.slice(0, outcome.ids.length))
        expect(whole.text.startsWith(outcome.text)).to.equal(true)
        expect(outcome.state).to.be.oneOf(['finalized', 'failed'])
        if (outcome.state === 'finalized') expect(outcome.text).to.equal(whole.text)
        for (const { budget, paid, inDoubt } of outcome.segments) {
          expect(paid + inDoubt <= budget).to.equal(true)
        }
      }),
      { numRuns: 25 },
    )
  })
})

describe('cancelling a streaming job', () => {
  async function expectCancelled(fleet: Fleet, outcome: JobOutcome): Promise<void> {
    expect(outcome).to.nested.include({ state: 'cancelled', 'failure.code': 'CANCELLED' })
    for (const { index, unreachable } of fleet.providers) {
      if (unreachable !== undefined) continue
      const { mine, theirs } = await fleet.settled(index)
      expect(mine).to.equal(theirs)
    }
    const sum = await Promise.all(fleet.providers.map(({ index }) => fleet.settled(index)))
    expect(sum.reduce((total, { mine }) => total + mine, 0n)).to.equal(outcome.paid)
  }

  it('before anybody is reached costs nothing', async () => {
    const fleet = new Fleet(2)
    fleet.at(0).dialling = forever
    const job = await fleet.stream()
    await fleet.quiet()
    job.cancel()
    const { outcome } = await fleet.finish(job)
    await expectCancelled(fleet, outcome)
    expect(fleet.wire).to.deep.equal([])
    expect(outcome.paid).to.equal(0n)
  })

  it('by a signal that was aborted before it began sends nothing', async () => {
    const fleet = new Fleet(2)
    const { outcome } = await fleet.finish(
      await fleet.stream({}, { signal: AbortSignal.abort(new Error('no')) }),
    )
    await expectCancelled(fleet, outcome)
    expect(fleet.wire).to.deep.equal([])
  })

  for (const turns of [0, 1, 2, 3, 5, 8, 13, 21, 34, 55]) {
    it(`${turns} turns after the start: ends, and both books agree`, async () => {
      const fleet = new Fleet(2)
      const held = hold(fleet, 0, 96)
      const job = await fleet.stream()
      for (let turn = 0; turn < turns; turn += 1) await new Promise((next) => setImmediate(next))
      job.cancel()
      job.cancel()
      held.open()
      const { outcome } = await fleet.finish(job)
      await expectCancelled(fleet, outcome)
    })
  }

  it('while a backup runs pays both parts and asks nobody else', async () => {
    const fleet = new Fleet(3)
    const first = hold(fleet, 0, 24)
    hold(fleet, 1, 48)
    const job = await fleet.stream()
    const finishing = fleet.finish(job)
    await fleet.until(() => fleet.sent('chunk').length === 3, 'tokens')
    await fleet.quiet()
    fleet.at(0).kill()
    first.open()
    await fleet.until(() => fleet.sent('chunk').length === 6, 'tokens of the backup')
    await fleet.quiet()
    job.cancel()
    const { outcome } = await finishing
    expect(outcome.state).to.equal('cancelled')
    expect(outcome.finishReason).to.equal('cancelled')
    expect(outcome.ids).to.have.length(48)
    expect(await fleet.settled(1)).to.include({ mine: outcome.segments[1]?.paid })
    expect(outcome.segments).to.have.length(2)
  })
})

describe('the deadline of a streaming job', () => {
  it('between two places ends it without a further award', async () => {
    const fleet = new Fleet(2)
    fleet.at(0).dialling = forever
    const job = await fleet.stream({ lifeMs: 1_000 })
    const { outcome } = await fleet.finish(job)
    expect(outcome).to.nested.include({ state: 'failed', 'failure.code': 'JOB_EXPIRED' })
    expect(fleet.wire).to.deep.equal([])
  })

  it('in the middle of a step ends it at once', async () => {
    const fleet = new Fleet(2)
    fleet.at(0).engine.script = { gate: (now) => (now < 16 ? undefined : forever) }
    const job = await fleet.stream({ lifeMs: 1_000 })
    const { outcome } = await fleet.finish(job)
    expect(outcome).to.nested.include({ state: 'failed', 'failure.code': 'JOB_EXPIRED' })
    expect(outcome.segments).to.have.length(1)
  })
})
