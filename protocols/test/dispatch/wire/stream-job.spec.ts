import { expect } from 'chai'
import type { Receipt } from '@duckmesh/proto'
import {
  BACKUP_ACCEPT_TIMEOUT_MS,
  BACKUP_STALL_TIMEOUT_MS,
  STALL_TIMEOUT_MS,
} from '../../../src/dispatch/constants.ts'
import { StreamJob } from '../../../src/dispatch/index.ts'
import { DuckMeshError } from '../../../src/errors.ts'
import { sizeBucket, stepPrice } from '../../../src/market/index.ts'
import { forever } from '../../support/job-helpers.ts'
import { withReceipt } from '../../support/resign.ts'
import { Fleet, answerOf, billed } from '../support/fleet.ts'
import { codes, expectWhole, hold, jobStates } from '../support/stream-checks.ts'

const busyModel = new DuckMeshError('ENGINE_BUSY', 'No room in the engine.')

describe('a streaming job', () => {
  it('runs at the first place alone when nothing breaks', async () => {
    const fleet = new Fleet(3)
    const { outcome, events } = await fleet.finish(await fleet.stream())
    expectWhole(outcome)
    expect(outcome.segments).to.have.length(1)
    expect(outcome).to.include({ finishReason: 'length', agreed: null, tokensIn: 10, inDoubt: 0n })
    expect(outcome.paid).to.equal(billed(outcome.segments[0]?.receipts ?? []))
    expect(await fleet.settled(0)).to.deep.equal({
      mine: outcome.paid,
      theirs: outcome.paid,
      open: 0,
    })
    expect(fleet.wire.every(({ index }) => index === 0)).to.equal(true)
    const path = ['posted', 'awarded', 'accepted', 'running', 'completed', 'finalized']
    expect(jobStates(events)).to.deep.equal(path)
    expect(outcome.states.map(({ state }) => state)).to.deep.equal(path)
    expect(new Set(events.map(({ provider }) => provider))).to.deep.equal(
      new Set([fleet.at(0).owner]),
    )
  })

  it('sends the proof with its award, and on the direct lane none', async () => {
    for (const auctioned of [true, false]) {
      const fleet = new Fleet(1)
      expectWhole((await fleet.finish(await fleet.stream({ auctioned }))).outcome)
      const [award] = fleet.sent('award')
      expect(award?.frame.award.auction !== undefined).to.equal(auctioned)
    }
  })

  it('with nobody to ask fails and costs nothing', async () => {
    const fleet = new Fleet(0)
    const { outcome } = await fleet.finish(await fleet.stream())
    expect(outcome).to.nested.include({ state: 'failed', 'failure.code': 'PROVIDER_UNAVAILABLE' })
    expect(outcome.paid).to.equal(0n)
  })
})

describe('a place that does not serve', () => {
  it('and refuses passes the award on, with the next segment and from the start', async () => {
    const fleet = new Fleet(2)
    fleet.at(0).engine.script = { failOpen: busyModel }
    const { outcome, events } = await fleet.finish(await fleet.stream())
    expectWhole(outcome)
    expect(codes(outcome)).to.deep.equal(['ENGINE_BUSY', undefined])
    const awards = fleet.sent('award').map(({ frame, index }) => [index, frame.award.award.award])
    expect(awards).to.have.length(2)
    expect(awards[1]).to.have.nested.property('[1].segment', 1)
    expect(awards[1]).to.have.nested.property('[1].fromToken', 0)
    // The first voucher was taken back as credit of the channel.
    expect(await fleet.settled(0)).to.deep.equal({ mine: 0n, theirs: 0n, open: 0 })
    expect(jobStates(events).filter((state) => state === 'awarded')).to.have.length(1)
  })

  it('because its slots are taken is told by Busy', async () => {
    const fleet = new Fleet(2)
    const held = hold(fleet, 0, 0)
    const plan = await fleet.plan()
    const alone = { ...plan, ranked: plan.ranked.slice(0, 1) }
    const blockers = await Promise.all(
      [1, 2, 3, 4].map(async () => {
        const { order, spec } = await fleet.plan()
        return new StreamJob(fleet.components, { ...alone, order, spec })
      }),
    )
    await fleet.until(() => fleet.at(0).server.inFlight === 4, 'slots taken')
    const { outcome } = await fleet.finishOnly(await fleet.stream())
    expectWhole(outcome)
    expect(codes(outcome)).to.deep.equal(['PROVIDER_BUSY', undefined])
    held.open()
    for (const job of blockers) expectWhole((await fleet.finish(job)).outcome)
  })

  it('and cannot be reached gets no award', async () => {
    const fleet = new Fleet(2)
    fleet.at(0).unreachable = new DuckMeshError('PROVIDER_LOST', 'Nobody there.')
    const { outcome } = await fleet.finish(await fleet.stream())
    expectWhole(outcome)
    expect(codes(outcome)).to.deep.equal(['PROVIDER_LOST', undefined])
    expect(fleet.wire.some(({ index }) => index === 0)).to.equal(false)
    expect(await fleet.payer.jobLog.listSegments()).to.have.length(1)
  })

  it('and is dialled in vain holds the job for the time of a backup only', async () => {
    const fleet = new Fleet(2)
    fleet.at(0).dialling = forever
    const start = fleet.clock.now()
    const { outcome } = await fleet.finish(await fleet.stream())
    expectWhole(outcome)
    expect(codes(outcome)).to.deep.equal(['TIMED_OUT', undefined])
    expect(fleet.clock.now() - start).to.be.below(BACKUP_ACCEPT_TIMEOUT_MS + 1_000)
  })

  it('and does not answer the award is left after the time of a backup', async () => {
    const fleet = new Fleet(2)
    fleet.at(0).engine.script = { openGate: forever }
    const start = fleet.clock.now()
    const { outcome } = await fleet.finish(await fleet.stream())
    expectWhole(outcome)
    expect(codes(outcome)).to.deep.equal(['TIMED_OUT', undefined])
    expect(fleet.clock.now() - start).to.be.below(BACKUP_ACCEPT_TIMEOUT_MS + 1_000)
    const told = fleet.sent('cancel').map(({ index }) => index)
    expect(told).to.deep.equal([0])
  })
})

describe('a break in mid-answer', () => {
  for (const tokens of [8, 24, 64, 96, 128, 152]) {
    it(`after ${tokens} tokens: the answer is whole, each is paid for its part`, async () => {
      const fleet = new Fleet(2)
      const held = hold(fleet, 0, tokens)
      const job = await fleet.stream()
      const finishing = fleet.finish(job)
      await fleet.until(() => fleet.sent('chunk').length === tokens / 8, 'tokens')
      await fleet.quiet()
      fleet.at(0).cut()
      held.open()
      const { outcome } = await finishing
      expectWhole(outcome)
      const [first, second] = outcome.segments
      expect(first?.failure?.code).to.equal('PROVIDER_LOST')
      expect(second).to.include({ state: 'finalized', fromToken: tokens, tokensIn: 10 + tokens })
      expect(first?.ids.length).to.equal(tokens)
      // The rest: a prompt with the prefix in it, and fewer tokens.
      const award = fleet.sent('award')[1]?.frame.award
      expect(award?.inBucket).to.equal(sizeBucket(16 + tokens))
      expect(award?.maxTokens).to.equal(160 - tokens)
      expect(award?.prefixIds).to.deep.equal(answerOf(tokens).ids)
      // Money: the second exactly; the first its receipts, and in doubt at most the step it was paid for.
      expect(await fleet.settled(1)).to.include({ mine: second?.paid, theirs: second?.paid })
      expect(first?.paid).to.equal(billed(first?.receipts ?? []))
      const step = stepPrice(fleet.at(0).place.priceIn, fleet.at(0).place.priceOut, 16, 64)
      expect((first?.inDoubt ?? 0n) <= step).to.equal(true)
      // The next hello clears it: both books say the same.
      await fleet.finish(await fleet.stream({ maxTokens: 8 }))
      const { mine, theirs, open } = await fleet.settled(0)
      expect(mine).to.equal(theirs)
      expect(open).to.equal(0)
    })
  }

  it('by the death of the provider is the same', async () => {
    const fleet = new Fleet(2)
    hold(fleet, 0, 72)
    const finishing = fleet.finish(await fleet.stream())
    await fleet.until(() => fleet.sent('chunk').length === 9, 'tokens')
    await fleet.quiet()
    fleet.at(0).kill()
    const { outcome } = await finishing
    expectWhole(outcome)
    expect(outcome.tokensIn).to.equal(10)
    const { jobLog } = fleet.payer
    const rows = await jobLog.listSegments({ jobId: outcome.jobId })
    expect(rows.map(({ state, completionIds }) => [state, completionIds.length])).to.deep.equal([
      ['failed', 72],
      ['finalized', 88],
    ])
    const terms = JSON.parse(rows[1]?.terms ?? '{}') as Record<string, unknown>
    expect(terms).to.include({ fromToken: 72, mode: 1, bidHash: fleet.at(1).place.bidHash })
  })

  it('at the backup too goes on at the third, each prefix longer', async () => {
    const fleet = new Fleet(3)
    const holds = [hold(fleet, 0, 16), hold(fleet, 1, 40)]
    const finishing = fleet.finish(await fleet.stream())
    for (const [index, chunks] of [
      [0, 2],
      [1, 5],
    ] as const) {
      await fleet.until(() => fleet.sent('chunk').length === chunks, 'tokens')
      await fleet.quiet()
      fleet.at(index).cut()
      holds[index]?.open()
    }
    const { outcome } = await finishing
    expectWhole(outcome)
    expect(outcome.segments.map(({ fromToken }) => fromToken)).to.deep.equal([0, 16, 40])
    expect(outcome.nextSegment).to.equal(3)
  })

  it('with nobody left ends failed and keeps what was delivered', async () => {
    const fleet = new Fleet(1)
    const held = hold(fleet, 0, 40)
    const finishing = fleet.finish(await fleet.stream())
    await fleet.until(() => fleet.sent('chunk').length === 5, 'tokens')
    await fleet.quiet()
    fleet.at(0).cut()
    held.open()
    const { outcome } = await finishing
    expect(outcome).to.nested.include({ state: 'failed', 'failure.code': 'PROVIDER_LOST' })
    expect(outcome.text).to.equal(answerOf(40).text)
    expect(outcome.finishReason).to.equal(null)
  })

  it('between the last token and its receipt asks nobody: the answer is here', async () => {
    const fleet = new Fleet(2)
    fleet.at(0).toClient = (frame) => {
      const isLast = frame.kind === 'receipt' && frame.receipt.receipt.receipt.last
      if (isLast) queueMicrotask(() => fleet.at(0).cut())
      return isLast ? [] : [frame]
    }
    const { outcome } = await fleet.finish(await fleet.stream())
    expectWhole(outcome)
    expect(outcome.finishReason).to.equal('length')
    expect(outcome.segments).to.have.length(1)
    expect(outcome.inDoubt > 0n).to.equal(true)
  })

  it('after the token that ended the answer is finished by a backup that adds nothing', async () => {
    const fleet = new Fleet(2)
    for (const { engine } of fleet.providers) engine.script = { stopAfter: 40 }
    fleet.at(0).toClient = (frame) => {
      if (frame.kind !== 'receipt') return [frame]
      queueMicrotask(() => fleet.at(0).cut())
      return []
    }
    const { outcome } = await fleet.finish(await fleet.stream())
    expectWhole(outcome, 40)
    expect(outcome.finishReason).to.equal('stop')
    expect(outcome.segments[1]).to.include({ fromToken: 40, state: 'finalized' })
    expect(outcome.segments[1]?.ids).to.deep.equal([])
  })
})

describe('a provider that stalls or cheats', () => {
  it('is left after the stall time of a backup; the last one gets the long time', async () => {
    const fleet = new Fleet(2)
    for (const index of [0, 1]) {
      fleet.at(index).engine.script = {
        gate: (now) => (now < 16 * (index + 1) ? undefined : forever),
      }
    }
    const start = fleet.clock.now()
    const times: number[] = []
    const job = await fleet.stream()
    const finishing = fleet.finish(job)
    await fleet.until(() => fleet.sent('cancel').length === 1, 'first given up')
    times.push(fleet.clock.now() - start)
    const { outcome } = await finishing
    expect(codes(outcome)).to.deep.equal(['PROVIDER_STALLED', 'PROVIDER_STALLED'])
    expect(outcome.ids).to.have.length(32)
    expect(times[0]).to.be.within(BACKUP_STALL_TIMEOUT_MS, BACKUP_STALL_TIMEOUT_MS + 1_000)
    expect(fleet.clock.now() - start).to.be.above(STALL_TIMEOUT_MS)
  })

  it('waits as long as the caller says', async () => {
    const fleet = new Fleet(2)
    fleet.at(0).engine.script = { gate: (now) => (now < 16 ? undefined : forever) }
    const start = fleet.clock.now()
    const job = await fleet.stream({}, { withBackup: { stallMs: 20_000 } })
    expectWhole((await fleet.finish(job)).outcome)
    expect(fleet.clock.now() - start).to.be.within(20_000, 21_000)
  })

  const WRONG: [string, (receipt: Receipt) => Partial<Receipt>][] = [
    ['a higher amount', ({ amount }) => ({ amount: amount + 1n })],
    ['another root', () => ({ tokensRoot: `0x${'77'.repeat(32)}` })],
    ['more tokens', ({ tokensOut }) => ({ tokensOut: tokensOut + 1 })],
  ]
  for (const [name, change] of WRONG) {
    it(`and receipts ${name} is not paid for it; a backup goes on`, async () => {
      const fleet = new Fleet(2)
      const { operator } = fleet.at(0)
      fleet.at(0).toClient = (frame) => [withReceipt(frame, operator, change)]
      const { outcome } = await fleet.finish(await fleet.stream())
      expectWhole(outcome)
      expect(codes(outcome)).to.deep.equal(['RECEIPT_INVALID', undefined])
      expect(outcome.segments[0]).to.include({ paid: 0n })
      expect(outcome.segments[1]).to.include({ fromToken: 64 })
      expect(fleet.sent('voucher').filter(({ index }) => index === 0)).to.have.length(0)
    })
  }
})
