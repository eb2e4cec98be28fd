import { expect } from 'chai'
import { checkAuctionAward } from '../../../src/market/auction/check-auction-award.ts'
import type { AuctionResult } from '../../../src/market/wire/auction-result.ts'
import { encodeSeatRecord, seatRecordKey } from '../../../src/market/auction/seat-record.ts'
import { expectCode } from '../../support/expect-code.ts'
import { settle } from '../../support/fake-clock.ts'
import { until } from '../../support/hosts.ts'
import { ownerOf } from '../../support/mesh-fixtures.ts'
import { MarketWorld } from './market-world.ts'

const never = new AbortController().signal
const ranked = (result: AuctionResult) => result.choice.ranked.map((bid) => bid.provider)

describe('seats that fail', () => {
  let world: MarketWorld

  beforeEach(() => {
    world = new MarketWorld(['a', 'b', 'c', 'd', 'z'], { p: 100n, q: 200n })
  })

  it('a silent front seat costs nothing: the other one alone is enough', async () => {
    world.tap = ({ to, frame }) => (to === 'a' ? [] : [frame])
    const run = world.auctioneer(['a', 'b', 'c']).run(await world.input(), never)
    await world.seen('bidAck', 2, { from: 'b' })
    await world.clock.advance(30)
    const result = await run
    expect(ranked(result)).to.deep.equal(['p', 'q'].map(ownerOf))
    expect(result.seats.map((seat) => seat.owner)).to.deep.equal([ownerOf('b')])
    expect(result.auctionMs).to.equal(30)
    expect(world.frames('header', { to: 'c' })).to.have.length(0)
  })

  it('two silent seats: the next two are asked at 250 ms', async () => {
    world.tap = ({ to, frame }) => (to === 'a' || to === 'b' ? [] : [frame])
    const run = world.auctioneer(['a', 'b', 'c', 'd', 'z']).run(await world.input(), never)
    await world.seen('header', 2)
    await settle()
    await world.clock.advance(249)
    expect(world.frames('header', { to: 'c' })).to.have.length(0)
    await world.clock.advance(1)
    await world.seen('bidAck', 4)
    await world.clock.advance(30)
    const result = await run
    expect(result.seats.map((seat) => seat.owner)).to.have.members(['c', 'd'].map(ownerOf))
    expect(world.frames('header', { to: 'z' })).to.have.length(0)
  })

  it('a seat that was slow lately is given more time before the next one is asked', async () => {
    for (let n = 0; n < 9; n += 1) world.roundTrips.measured(ownerOf('a'), 400)
    expect(world.roundTrips.allowance(ownerOf('a'))).to.be.within(400, 600)
    world.tap = ({ to, frame }) => (to === 'a' || to === 'b' ? [] : [frame])
    const stop = new AbortController()
    const run = world.auctioneer(['a', 'b', 'c', 'd']).run(await world.input(), stop.signal)
    const failed = expectCode('CANCELLED', () => run)
    await world.seen('header', 2)
    await settle()
    world.tap = () => []
    await world.clock.advance(499)
    // One for b at 250 ms. One for a would be asked 550 ms after it at the earliest.
    expect(world.frames('header', { to: 'c' })).to.have.length(1)
    expect(world.frames('header', { to: 'd' })).to.have.length(0)
    stop.abort()
    await failed
  })

  it('measures a seat also when its ack comes after the match of another one', async () => {
    world.connect('a')
    const hold = world.streams.find(({ to }) => to === 'a')?.end ?? expect.fail()
    hold.paused = true
    const run = world.auctioneer(['a', 'b', 'c']).run(await world.input(), never)
    await world.seen('bidAck', 2, { from: 'b' })
    await world.clock.advance(30)
    await run
    expect(world.roundTrips.allowance(ownerOf('a'))).to.equal(100)
    await world.clock.advance(170)
    hold.resume()
    await until(() => world.roundTrips.allowance(ownerOf('a')) === 600)
  })

  it('all silent: SEATS_UNREACHABLE after 2 s, with four seats asked', async () => {
    world.tap = () => []
    const run = world.auctioneer(['a', 'b', 'c', 'd', 'z']).run(await world.input(), never)
    const failed = expectCode('SEATS_UNREACHABLE', () => run)
    await world.seen('header', 2)
    await world.clock.advance(1_999)
    expect(world.frames('header')).to.have.length(4)
    await world.clock.advance(1)
    await failed
  })

  it('no seat can be dialled, or there is none: SEATS_UNREACHABLE at once', async () => {
    for (const label of ['a', 'b', 'c', 'd']) world.kill(label)
    const seats = ['a', 'b', 'c', 'd']
    const error = await expectCode('SEATS_UNREACHABLE', async () =>
      world.auctioneer(seats).run(await world.input(), never),
    )
    expect(error.details.seats).to.deep.equal(['NO_PEERS', 'NO_PEERS', 'NO_PEERS', 'NO_PEERS'])
    await expectCode('SEATS_UNREACHABLE', async () =>
      world.auctioneer([]).run(await world.input(), never),
    )
  })

  it('the front seat dies in the window: the other one completes the auction', async () => {
    const run = world.auctioneer(['a', 'b']).run(await world.input(), never)
    await world.seen('bidAck', 4)
    world.kill('a')
    await world.clock.advance(30)
    const result = await run
    expect(ranked(result)).to.deep.equal(['p', 'q'].map(ownerOf))
    expect(result.choice.seat).to.equal(ownerOf('b'))
    expect(result.sets).to.have.length(1)
  })

  it('both seats die in the window: two others run it', async () => {
    const run = world.auctioneer(['a', 'b', 'c', 'd']).run(await world.input(), never)
    await world.seen('bidAck', 4)
    world.kill('a')
    world.kill('b')
    await world.seen('bidAck', 8)
    await world.clock.advance(30)
    const result = await run
    expect(ranked(result)).to.deep.equal(['p', 'q'].map(ownerOf))
    expect(['c', 'd'].map(ownerOf)).to.include(result.choice.seat)
  })

  it('a seat that dies between match and award takes nothing with it', async () => {
    const options = { seats: ['a', 'b'], acks: 4 }
    const result = await world.auction(await world.input(), options)
    world.kill('a')
    world.kill('b')
    const [winner] = result.choice.ranked
    const frame = world.fix.award(result, winner?.bid ?? expect.fail(), result.proof)
    const components = { ...world.fix.components, bids: world.node('p').bids }
    expect(await checkAuctionAward(frame, components, ownerOf('p'))).to.include({ place: 0 })
  })

  it('a seat that closes late is used when it comes within 15 ms, not later', async () => {
    for (const [lateMs, sets] of [
      [15, 1],
      [14, 2],
    ] as const) {
      world = new MarketWorld(['a', 'b'], { p: 100n, q: 200n })
      const run = world.auctioneer(['a', 'b']).run(await world.input(), never)
      await world.seen('bidAck', 4)
      const hold = world.streams.find(({ from, to }) => from === 'client' && to === 'b')
      if (hold === undefined) expect.fail('no stream')
      hold.end.paused = true
      await world.clock.advance(30)
      await until(() => world.fix.replyKeys.opened === 2)
      await world.clock.advance(lateMs)
      hold.end.resume()
      const result = await run
      expect(result.sets).to.have.length(sets)
      // The late seat gets the openings too, so that it does not count the match as owed.
      expect(result.seats).to.have.length(2)
    }
  })

  it('a restarted seat sends the match it signed again, whatever the bidders do now', async () => {
    const received = await world.fix.received()
    const connection = world.connect('a')
    const ref = { jobId: received.jobId, attempt: 0 }
    const first = connection.header(received.envelope, ref)
    await first.ack
    await world.seen('bidAck', 2)
    await world.clock.advance(30)
    const match = await first.match
    const { records } = world.node('a')
    world.kill('a')
    world.kill('p')
    world.add('a', { records })
    const again = world.connect('a').header(received.envelope, ref)
    await again.ack
    expect(await again.match).to.deep.equal(match)
  })

  it('a restarted seat without a match refuses the attempt: it may have acknowledged bids', async () => {
    const { envelope, jobId } = await world.fix.received()
    const ref = { jobId, attempt: 0 }
    world.node('a').records.records.set(seatRecordKey(ref), encodeSeatRecord({ envelope }))
    const run = world.connect('a').header(envelope, ref)
    await expectCode('TIMED_OUT', () => run.ack)
  })

  it('the record is on disk before a bid is acknowledged and before the match is sent', async () => {
    const { records } = world.node('a')
    records.broken = true
    const run = world.auctioneer(['a', 'b']).run(await world.input(), never)
    await world.seen('bid', 4)
    await world.seen('bidAck', 2, { from: 'b' })
    await world.clock.advance(30)
    await until(() => world.fix.replyKeys.opened === 2)
    await world.clock.advance(15)
    const result = await run
    expect(result.choice.seat).to.equal(ownerOf('b'))
    expect(world.frames('bidAck', { from: 'a' })).to.deep.equal([])
    expect(world.frames('match', { from: 'a' })).to.deep.equal([])
  })
})
