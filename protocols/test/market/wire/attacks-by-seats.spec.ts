import { expect } from 'chai'
import type { Hex, MatchFrame, SignedMatch } from '@duckmesh/proto'
import { bidCommit } from '../../../src/market/auction/bid-commit.ts'
import { bidsRoot } from '../../../src/market/auction/bids-root.ts'
import { signStruct } from '../../../src/signed-struct.ts'
import { settle } from '../../support/fake-clock.ts'
import { ownerOf } from '../../support/mesh-fixtures.ts'
import { TEST_NETWORK, testSigner } from '../../support/test-crypto.ts'
import { MarketWorld } from './market-world.ts'

const never = new AbortController().signal

describe('attacks by seats', () => {
  let world: MarketWorld

  beforeEach(() => {
    world = new MarketWorld(['a', 'b'], { p: 100n, q: 200n })
  })

  it('gets no bid when it has no seat: STALE_SEAT', async () => {
    const received = await world.fix.received()
    const { near, far } = world.join('q', 'p', 'peer')
    void world.node('p').server.serve(far)
    const invite = {
      header: received.envelope,
      seat: ownerOf('q'),
      ...world.fix.turn(),
      closesInMs: 250,
    }
    await near.stream.send({ kind: 'invite', invite })
    await world.seen('pass', 1)
    expect(world.frames('pass')[0]?.pass.code).to.equal('STALE_SEAT')
    expect(await world.node('p').bids.find(received.jobId, 0)).to.equal(undefined)
  })

  it('gets no bid for a turn that is not now, and no answer in the name of another seat', async () => {
    const received = await world.fix.received()
    const { near, far } = world.join('a', 'p', 'peer')
    const served = world.node('p').server.serve(far)
    const { epoch, turn } = world.fix.turn()
    const invite = { header: received.envelope, seat: ownerOf('a'), epoch, turn, closesInMs: 250 }
    await near.stream.send({ kind: 'invite', invite: { ...invite, turn: turn + 2 } })
    await world.seen('pass', 1)
    expect(world.frames('pass')[0]?.pass.code).to.equal('STALE_SEAT')
    await near.stream.send({ kind: 'invite', invite: { ...invite, seat: ownerOf('b') } })
    await served
    expect(far.stream.closed).to.equal(true)
  })

  it('cannot change what the client asked: the bidder checks the header itself', async () => {
    const { envelope, header } = await world.fix.received()
    const other = await world.fix.seal({ ...header, replyKey: `0x${'09'.repeat(32)}` })
    const { near, far } = world.join('a', 'p', 'peer')
    void world.node('p').server.serve(far)
    const forged = { body: other.body, sig: envelope.sig }
    const turn = { seat: ownerOf('a'), ...world.fix.turn() }
    const invite = { header: forged, ...turn, closesInMs: 250 }
    await near.stream.send({ kind: 'invite', invite })
    await world.seen('pass', 1)
    expect(world.frames('pass')[0]?.pass.code).to.equal('BAD_SIGNATURE')
    expect(far.stream.closed).to.equal(false)
    expect(world.frames('bid')).to.deep.equal([])
  })

  /** The match of seat a over other bids, signed like a seat would. */
  async function resigned(
    { set }: MatchFrame,
    keep: (provider: Hex) => boolean,
  ): Promise<{ match: SignedMatch; commits: Hex[] }> {
    const { match } = set.match
    const commits = set.bids
      .filter(({ provider }) => keep(provider))
      .map((bid) => bidCommit(match, bid))
    const changed = { ...match, bidsRoot: bidsRoot(commits), bids: commits.length }
    const signature = await signStruct(testSigner('a'), TEST_NETWORK, 'Match', changed)
    return { match: { match: changed, signature }, commits: commits.sort() }
  }

  /** Runs an auction at seat a whose notices are lost; returns what it matched. */
  async function matched(): Promise<MatchFrame> {
    world.tap = ({ frame }) => (frame.kind === 'notice' ? [] : [frame])
    const received = await world.fix.received()
    const { jobId } = received
    const run = world.connect('a').header(received.envelope, { jobId, attempt: 0 })
    await run.ack
    await world.seen('bidAck', 2)
    await world.clock.advance(30)
    const match = await run.match
    await world.seen('notice', 2)
    await settle()
    return match
  }

  it('leaves out an acknowledged bid: its bidder keeps ack, match and commitments', async () => {
    const match = await matched()
    const without = await resigned(match, (provider) => provider !== ownerOf('p'))
    for (const label of ['p', 'q']) await world.node(label).bidder?.noticed(without)
    expect(world.node('q').evidence.kept).to.deep.equal([])
    const [proof] = world.node('p').evidence.kept
    expect(proof?.kind).to.equal('BID_OMITTED')
    const [ack, notice] = proof?.frames ?? []
    if (ack?.kind !== 'bidAck' || notice?.kind !== 'notice') expect.fail('other frames')
    expect(ack.bidAck.ack.seat).to.equal(notice.notice.match.match.seat)
    expect(notice.notice.commits).not.to.include(ack.bidAck.ack.commit)
    expect(bidsRoot(notice.notice.commits)).to.equal(notice.notice.match.match.bidsRoot)
  })

  it('signs a second match of one attempt: the bidder keeps both', async () => {
    const match = await matched()
    const bidder = world.node('p').bidder ?? expect.fail()
    const whole = await resigned(match, () => true)
    const other = await resigned(match, (provider) => provider === ownerOf('p'))
    await bidder.noticed(whole)
    await bidder.noticed(whole)
    expect(world.node('p').evidence.kept).to.deep.equal([])
    await bidder.noticed(other)
    const [proof] = world.node('p').evidence.kept
    expect(proof?.kind).to.equal('MATCH_CONTRADICTS')
    const matches = proof?.frames.map((frame) =>
      frame.kind === 'notice' ? frame.notice.match.match.bids : -1,
    )
    expect(matches).to.deep.equal([2, 1])
  })

  it('shows the client another match than the bidders: the openings tell', async () => {
    const match = await matched()
    const bidder = world.node('p').bidder ?? expect.fail()
    await bidder.noticed(await resigned(match, () => true))
    const hidden = await resigned(match, (provider) => provider === ownerOf('q'))
    const bids = match.set.bids.filter(({ provider }) => provider === ownerOf('q'))
    const proof = world.fix.proof([{ match: hidden.match, bids }])
    const { jobId } = match.set.match.match
    await bidder.opened({ jobId, attempt: 0, proof, winners: [ownerOf('q')], paid: 1n })
    expect(world.node('p').evidence.kept.map(({ kind }) => kind)).to.deep.equal([
      'MATCH_CONTRADICTS',
    ])
  })

  it('sends commitments that are not behind its match: MATCH_INVALID', async () => {
    const match = await matched()
    const whole = await resigned(match, () => true)
    await world.node('p').bidder?.noticed({ ...whole, commits: whole.commits.slice(1) })
    expect(world.node('p').evidence.kept.map(({ kind }) => kind)).to.deep.equal(['MATCH_INVALID'])
  })

  it('is not accused by what it did not sign', async () => {
    const match = await matched()
    const bidder = world.node('p').bidder ?? expect.fail()
    const without = await resigned(match, (provider) => provider !== ownerOf('p'))
    const [whole] = world.frames('notice', { to: 'p' })
    const forged = { ...without.match, signature: whole?.notice.match.signature ?? expect.fail() }
    await bidder.noticed({ match: forged, commits: without.commits })
    expect(world.node('p').evidence.kept).to.deep.equal([])
  })

  it('that sends a match without its bids, or another’s, loses to the other seat', async () => {
    world.tap = ({ from, frame }) => {
      if (from !== 'a' || frame.kind !== 'match') return [frame]
      const { set, passes } = frame.match
      return [{ kind: 'match', match: { set: { ...set, bids: set.bids.slice(1) }, passes } }]
    }
    const input = await world.input()
    const run = world.auctioneer(['a', 'b']).run(input, never)
    await world.seen('bidAck', 4)
    await world.clock.advance(30)
    const result = await run
    expect(result.choice.seat).to.equal(ownerOf('b'))
    expect(result.sets).to.have.length(1)
  })
})
