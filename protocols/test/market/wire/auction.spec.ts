import { expect } from 'chai'
import { bytesToHex, hexToBytes, marketFrameCodec, signedBidCodec } from '@duckmesh/proto'
import { checkAuctionAward } from '../../../src/market/auction/check-auction-award.ts'
import type { AuctionResult } from '../../../src/market/wire/auction-result.ts'
import { expectCode } from '../../support/expect-code.ts'
import { until } from '../../support/hosts.ts'
import { ownerOf } from '../../support/mesh-fixtures.ts'
import { testSigner } from '../../support/test-crypto.ts'
import { MarketWorld } from './market-world.ts'

const PRICES = { c: 500n, d: 100n, e: 300n, f: 200n, g: 400n }
const SEATS = ['a', 'b']
const ranked = (result: AuctionResult) => result.choice.ranked.map((bid) => bid.provider)
const BY_PRICE = ['d', 'f', 'e', 'g', 'c'].map(ownerOf)

describe('an auction over two seats and five bidders', () => {
  let world: MarketWorld
  const bidders = Object.keys(PRICES)

  beforeEach(() => {
    world = new MarketWorld(SEATS, PRICES)
  })

  it('gives every bid once per seat, joins both matches and ranks by price', async () => {
    const result = await world.auction(await world.input(), { seats: SEATS, acks: 10 })
    expect(ranked(result)).to.deep.equal(BY_PRICE)
    expect(result.sets).to.have.length(2)
    expect(result.acks.map((ack) => [ack.invited, ack.ms])).to.deep.equal([
      [5, 0],
      [5, 0],
    ])
    expect(result.auctionMs).to.equal(30)
    expect(result.passes).to.deep.equal([])
    for (const bidder of bidders) {
      const [one, two] = world.frames('bid', { from: bidder })
      expect(one?.bid.sealed).to.deep.equal(two?.bid.sealed)
    }
    const [facts] = world.node('a').matches
    expect(facts).to.include({ bids: 5, passes: 0, invited: 5, shard: 3, ms: 30 })
  })

  it('lets nobody but the client read a bid before the openings, and shows nobody the reply secret', async () => {
    const result = await world.auction(await world.input(), { seats: SEATS, acks: 10 })
    const hexOf = ({ frame }: (typeof world.sent)[number]): string =>
      bytesToHex(marketFrameCodec.encode(frame)).slice(2)
    const wire = world.sent.map(hexOf).join(' ')
    expect(wire).not.to.contain(result.proof.replySecret.slice(2))
    for (const bid of result.choice.ranked) {
      expect(wire).not.to.contain(bytesToHex(signedBidCodec.encode(bid.bid)).slice(2))
      expect(wire).not.to.contain(bid.bid.signature.slice(2))
      expect(wire).not.to.contain(bid.bidHash.slice(2))
    }
    // A seat has the sealed bids and its own keys, which open nothing.
    const sealed = result.sets[0]?.bids[0]?.sealed ?? expect.fail()
    const aad = hexToBytes(
      `0x${result.jobId.slice(2)}${result.sets[0]?.bids[0]?.provider.slice(2)}`,
    )
    const own = await world.fix.replyKeys.create()
    let opened: unknown
    await world.fix.replyKeys.open(own.secretKey, 'duckmesh/1/bid', aad, sealed).then(
      (plain) => (opened = plain),
      () => undefined,
    )
    expect(opened).to.equal(undefined)
  })

  it('ends in an award that the winner checks, and a backup that its place allows', async () => {
    const result = await world.auction(await world.input(), { seats: SEATS, acks: 10 })
    const [winner, backup] = result.choice.ranked
    const check = (label: string, bid: typeof winner, segment: number) => {
      const frame = world.fix.award(result, bid?.bid ?? expect.fail(), result.proof, { segment })
      const components = { ...world.fix.components, bids: world.node(label).bids }
      return checkAuctionAward(frame, components, ownerOf(label))
    }
    expect(await check('d', winner, 0)).to.include({ place: 0, priceOut: 100n })
    expect(await check('f', backup, 1)).to.include({ place: 1, priceOut: 200n })
    await expectCode('CHOICE_WRONG', () => check('f', backup, 0))
  })

  it('draws the members of a redundant job', async () => {
    const input = await world.input({ mode: 0, replicas: 3 })
    const result = await world.auction(input, { seats: SEATS, acks: 10 })
    const roles = result.choice.ranked.map((bid) => bid.role)
    expect(roles).to.deep.equal(['member', 'member', 'member', 'backup', 'backup'])
  })

  it('opens the bids at the end: the first seat gets its fee, everybody repeats the choice', async () => {
    const result = await world.auction(await world.input(), { seats: SEATS, acks: 10 })
    const auctioneer = world.auctioneer(SEATS)
    await auctioneer.sendOpenings(result, [ownerOf('d')], 12_345n, (seat, amount) =>
      world.fee(seat, amount),
    )
    await world.seen('openings', 12)
    await world.clock.advance(0)
    const first = SEATS.find((label) => ownerOf(label) === result.choice.seat) ?? expect.fail()
    const second = SEATS.find((label) => label !== first) ?? expect.fail()
    expect(world.node(first).fees.totals.get(testSigner('client').address)).to.equal(124n)
    expect(world.node(second).fees.totals.size).to.equal(0)
    for (const bidder of bidders) {
      expect(world.frames('openings', { to: bidder })).to.have.length(2)
      expect(world.node(bidder).wrong).to.deep.equal([])
      expect(world.node(bidder).evidence.kept).to.deep.equal([])
    }
    expect(world.frames('refuse')).to.deep.equal([])
  })

  it('keeps a wrong choice as evidence when the openings show it', async () => {
    const result = await world.auction(await world.input(), { seats: SEATS, acks: 10 })
    const auctioneer = world.auctioneer(SEATS)
    // Segment 0 went to the third place.
    await auctioneer.sendOpenings(result, [ownerOf('e')], 100n, (seat, amount) =>
      world.fee(seat, amount),
    )
    await world.seen('refuse', 2)
    for (const seat of SEATS) {
      expect(world.node(seat).evidence.kept.map(({ kind }) => kind)).to.deep.equal(['CHOICE_WRONG'])
    }
    // A seat that passes them on all the same: who had a better bid notices, who had a worse one lost nothing.
    const winners = [ownerOf('e')]
    const { choice, jobId, proof } = result
    const places = choice.ranked.map(({ provider }) => provider)
    for (const label of ['c', 'd', 'f', 'g']) {
      const bidder = world.node(label).bidder ?? expect.fail()
      await bidder.opened({ jobId, attempt: 0, proof, winners, paid: 100n })
      const isBetter = places.indexOf(ownerOf(label)) < places.indexOf(ownerOf('e'))
      expect(world.node(label).wrong).to.deep.equal(isBetter ? [jobId] : [])
      const kinds = world.node(label).evidence.kept.map(({ kind }) => kind)
      expect(kinds).to.deep.equal(isBetter ? ['CHOICE_WRONG'] : [])
    }
  })

  it('says why nobody bid', async () => {
    const input = await world.input({ maxPrice: 1n })
    const run = world.auctioneer(SEATS).run(input, new AbortController().signal)
    const failed = expectCode('NO_BIDS', () => run)
    await world.seen('pass', 10)
    await world.clock.advance(30)
    expect((await failed).details.reasons).to.deep.equal(['PRICE_ABOVE_CAP 5'])
    const [pass] = world.frames('pass')
    expect(pass?.pass.detail).to.match(/^asks \d+ wei, the cap is 1 wei$/)
  })

  it('leaves out an excluded provider and tells the passes of others', async () => {
    world.node('c').load = { inFlight: 4, slots: 4, stepMs: 1 }
    const input = await world.input({ excluded: [ownerOf('d')] })
    const result = await world.auction(input, { seats: SEATS, acks: 8 })
    expect(ranked(result)).to.deep.equal(['f', 'e', 'g'].map(ownerOf))
    expect(result.choice.left.map(({ code }) => code)).to.deep.equal(['PROVIDER_UNAVAILABLE'])
    expect(result.passes.map(({ provider, code }) => [provider, code])).to.deep.equal([
      [ownerOf('c'), 'PROVIDER_BUSY'],
    ])
  })

  it('closes at the maximum when somebody does not answer', async () => {
    world.tap = ({ from, frame }) => (from === 'c' ? [] : [frame])
    const run = world.auctioneer(SEATS).run(await world.input(), new AbortController().signal)
    await world.seen('bidAck', 8)
    await world.clock.advance(249)
    expect(world.frames('match')).to.have.length(0)
    await world.clock.advance(1)
    const result = await run
    expect(ranked(result)).to.deep.equal(['d', 'f', 'e', 'g'].map(ownerOf))
    expect(result.auctionMs).to.equal(250)
  })

  it('counts its matches for the heartbeat', async () => {
    const { server } = world.node('a')
    const turn = world.fix.turn()
    expect(server.matchesOf(3, turn).matches).to.equal(0)
    await world.auction(await world.input(), { seats: SEATS, acks: 10 })
    const one = server.matchesOf(3, turn)
    await world.auction(await world.input(), { seats: SEATS, acks: 10 })
    const two = server.matchesOf(3, turn)
    expect([one.matches, two.matches]).to.deep.equal([1, 2])
    expect(two.matchesHash).not.to.equal(one.matchesHash)
    expect(server.matchesOf(4, turn).matches).to.equal(0)
  })

  it('runs ten auctions at a time over the same streams', async () => {
    const inputs = await Promise.all(Array.from({ length: 10 }, () => world.input()))
    const runs = inputs.map((input) =>
      world.auctioneer(SEATS).run(input, new AbortController().signal),
    )
    await world.seen('bidAck', 100)
    await world.clock.advance(30)
    const results = await Promise.all(runs)
    for (const result of results) expect(ranked(result)).to.deep.equal(BY_PRICE)
    expect(world.streams.filter(({ from }) => from === 'client')).to.have.length(2)
    const toBidder = world.streams.filter(({ from, to }) => from === 'a' && to === 'c')
    expect(toBidder).to.have.length(1)
  })

  it('stops when cancelled', async () => {
    const stop = new AbortController()
    const run = world.auctioneer(SEATS).run(await world.input(), stop.signal)
    const failed = expectCode('CANCELLED', () => run)
    await world.seen('ack', 2)
    stop.abort()
    await failed
    await until(() => world.frames('bidAck').length === 10)
    await world.clock.advance(300)
  })
})
