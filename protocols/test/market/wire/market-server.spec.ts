import { expect } from 'chai'
import { MarketConnection } from '../../../src/market/wire/market-connection.ts'
import { settle } from '../../support/fake-clock.ts'
import { expectCode } from '../../support/expect-code.ts'
import { until } from '../../support/hosts.ts'
import { ownerOf } from '../../support/mesh-fixtures.ts'
import { testPeerSigner } from '../../support/test-crypto.ts'
import { MarketWorld } from './market-world.ts'

describe('MarketServer', () => {
  let world: MarketWorld

  beforeEach(() => {
    world = new MarketWorld(['a', 'b'], { p: 100n, q: 200n })
  })

  async function ask(label: string) {
    const { envelope, jobId } = await world.fix.received()
    return world.connect(label).header(envelope, { jobId, attempt: 0 })
  }

  it('refuses headers on a peer without a seat: STALE_SEAT', async () => {
    const run = await ask('p')
    await expectCode('STALE_SEAT', () => run.ack)
  })

  it('acts for its turn, and near the boundary for the turn in which it has a seat', async () => {
    const { epoch } = world.fix.turn()
    const turnMs = 60_000
    const seats = world.fix.view.seats.bind(world.fix.view)
    // Seat a has a seat in turn 1 only.
    world.fix.view.seats = async (shard, id) =>
      (await seats(shard, id)).filter((owner) => owner !== ownerOf('a') || id.turn === 1)
    const turns: string[] = []
    for (const at of [
      turnMs - 2_001,
      turnMs - 1_999,
      turnMs,
      2 * turnMs + 1_999,
      2 * turnMs + 2_001,
    ]) {
      world.clock.set(1_800_000_000_000 + at)
      const run = await ask('a')
      const turn = await run.ack.then(
        (ack) => `${ack.epoch - epoch}:${ack.turn}`,
        (error: unknown) => (error as { code: string }).code,
      )
      turns.push(turn)
    }
    expect(turns).to.deep.equal(['STALE_SEAT', '0:1', '0:1', '0:1', 'STALE_SEAT'])
  })

  it('keeps streams open with pings and answers them', async () => {
    const run = await ask('a')
    await run.ack
    await world.seen('bidAck', 2)
    await world.clock.advance(45_000)
    await world.seen('ping', 6)
    const pings = world.frames('ping')
    expect(pings.filter(({ ping }) => ping.pong)).to.have.length(3)
    await world.clock.advance(45_000)
    await until(() => world.frames('ping').length >= 12)
  })

  it('drops a dialled peer that acts for another provider', async () => {
    const real = world.dial.bind(world)
    world.dial = (from) => real(from, testPeerSigner('q').peerKey)
    const run = await ask('a')
    await run.ack
    await world.seen('bidAck', 1)
    await world.clock.advance(250)
    const match = await run.match
    expect(match.set.bids.map((bid) => bid.provider)).to.deep.equal([ownerOf('q')])
  })

  it('invites nobody whom it cannot reach, and goes on', async () => {
    world.nodes.delete('p')
    const run = await ask('a')
    await run.ack
    await world.seen('bidAck', 1)
    await world.clock.advance(250)
    expect((await run.match).set.bids).to.have.length(1)
  })

  it('does not answer invitations when it serves no model', async () => {
    const { envelope } = await world.fix.received()
    const { near, far } = world.join('a', 'b', 'peer')
    void world.node('b').server.serve(far)
    const at = { seat: ownerOf('a'), ...world.fix.turn() }
    await near.stream.send({ kind: 'invite', invite: { header: envelope, ...at, closesInMs: 1 } })
    for (let i = 0; i < 5; i++) await settle()
    expect(world.sent).to.have.length(1)
    expect(far.stream.closed).to.equal(false)
  })

  it('refuses peers while it is not known whom they act for', async () => {
    world.fix.chain.stake.unknown = true
    const { far } = world.join('p', 'a', 'peer')
    await world.node('a').server.serve(far)
    expect(far.stream.closed).to.equal(true)
  })

  it('stops: streams close, nobody is matched, no new stream is taken', async () => {
    const run = await ask('a')
    await run.ack
    await world.seen('bidAck', 2)
    await world.node('a').server.stop()
    await expectCode('STREAM_CLOSED', () => run.match)
    await world.clock.advance(300)
    expect(world.frames('match')).to.deep.equal([])
    const { far } = world.join('client', 'a', 'client')
    await world.node('a').server.serve(far)
    expect(far.stream.closed).to.equal(true)
  })
})

describe('MarketConnection', () => {
  it('refuses more than 64 auctions at a time, and headers on a dead stream', async () => {
    const world = new MarketWorld(['a', 'b'], { p: 100n })
    world.tap = () => []
    const { envelope, jobId } = await world.fix.received()
    const connection = world.connect('a')
    const runs = Array.from({ length: 65 }, (_, attempt) =>
      connection.header(envelope, { jobId, attempt }),
    )
    await expectCode('RATE_LIMITED', () => runs[64]?.ack)
    runs[0]?.cancel()
    void connection.header(envelope, { jobId, attempt: 64 })
    await connection.close()
    world.kill('a')
    await expectCode('STREAM_CLOSED', () => runs[1]?.match)
    const late = connection.header(envelope, { jobId, attempt: 70 })
    await expectCode('STREAM_CLOSED', () => late.ack)
    const openings = { jobId, attempt: 0, proof: world.fix.proof([]), winners: [], paid: 0n }
    await expectCode('STREAM_CLOSED', () => connection.openings(openings))
  })

  it('needs a staked peer on the other side', async () => {
    const world = new MarketWorld(['a', 'b'], { p: 100n })
    const { far } = world.join('client', 'a', 'client')
    const { clock, logger } = world
    await expectCode('BINDING_MISMATCH', () => new MarketConnection({ clock, logger }, far))
  })
})

describe('Auctioneer', () => {
  it('forwards the header to gossip beside the seats; a failure costs nothing', async () => {
    const world = new MarketWorld(['a', 'b'], { p: 100n })
    const forwarded: number[] = []
    world.forwarder = {
      forward: async (envelope, shard) => {
        forwarded.push(shard, envelope.body.length)
        throw new Error('no peers')
      },
    }
    const result = await world.auction(await world.input(), { seats: ['a', 'b'], acks: 2 })
    expect(forwarded[0]).to.equal(3)
    expect(result.choice.ranked).to.have.length(1)
  })

  it('logs openings that no seat can be given, and never rejects', async () => {
    const world = new MarketWorld(['a', 'b'], { p: 100n })
    const result = await world.auction(await world.input(), { seats: ['a', 'b'], acks: 2 })
    world.kill('a')
    world.kill('b')
    await world.auctioneer(['a', 'b']).sendOpenings(result, [], 0n)
    const failed = world.logger.entries.filter(({ event }) => event === 'market.openings_not_sent')
    expect(failed).to.have.length(2)
  })
})
