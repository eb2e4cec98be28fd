import { expect } from 'chai'
import { settle } from '../../support/fake-clock.ts'
import { ownerOf } from '../../support/mesh-fixtures.ts'
import { until } from '../../support/hosts.ts'
import { signPeerBinding } from '../../../src/mesh/index.ts'
import {
  TEST_NETWORK,
  testPeerSigner,
  testSigner,
  testUnsealer,
} from '../../support/test-crypto.ts'
import { MarketWorld } from './market-world.ts'
import type { MarketNode } from './market-world.ts'

describe('bids on gossiped headers', () => {
  let world: MarketWorld

  beforeEach(async () => {
    world = new MarketWorld(['a', 'b'], { p: 100n })
    // A provider whose offer the seats have not heard.
    world.fix.chain.join('q', 0n)
    world.add('q', { priceOut: 50n })
    for (const node of world.nodes.values()) {
      for (const seat of ['a', 'b']) await greet(node, seat)
    }
  })

  /** Nodes learn by gossip which peers speak for the seats. */
  async function greet(node: MarketNode, seat: string): Promise<void> {
    const { peerKey } = testPeerSigner(seat)
    const binding = await signPeerBinding(
      { peerKey, encKey: testUnsealer(seat).encKey, expiry: world.fix.now + 3_600 },
      { network: TEST_NETWORK, signer: testSigner(seat) },
    )
    node.bindings.verifyPeer(binding, peerKey)
  }

  it('reach both front seats from a provider that nobody invited', async () => {
    const received = await world.fix.received()
    const { jobId } = received
    const runs = ['a', 'b'].map((seat) =>
      world.connect(seat).header(received.envelope, { jobId, attempt: 0 }),
    )
    await Promise.all(runs.map((run) => run.ack))
    world.gossip(received)
    await until(() => world.frames('bidAck', { to: 'q' }).length === 2)
    await world.seen('bidAck', 4)
    await world.clock.advance(30)
    for (const run of runs) {
      const match = await run.match
      const bidders = match.set.bids.map((bid) => bid.provider)
      expect(bidders).to.have.members([ownerOf('p'), ownerOf('q')])
    }
  })

  it('are not made twice for a seat that got one, and passes stay at home', async () => {
    const received = await world.fix.received()
    const { jobId } = received
    const run = world.connect('a').header(received.envelope, { jobId, attempt: 0 })
    await run.ack
    await world.seen('bidAck', 1, { to: 'p' })
    world.node('q').load = { inFlight: 4, slots: 4, stepMs: 1 }
    world.gossip(received)
    world.gossip(received)
    await until(() => world.frames('bid', { from: 'p', to: 'b' }).length > 0)
    await settle()
    expect(world.frames('bid', { from: 'p', to: 'a' })).to.have.length(1)
    expect(world.frames('bid', { from: 'q' })).to.deep.equal([])
    expect(world.frames('pass')).to.deep.equal([])
    // Seat b never got the header from the client: it holds no window open.
    await until(() => world.frames('refuse', { from: 'b' }).length > 0)
    expect(world.frames('refuse', { from: 'b' })[0]?.refuse.code).to.equal('JOB_UNKNOWN')
  })
})

describe('a seat that serves the model too', () => {
  it('invites itself in process, by the same rules', async () => {
    const world = new MarketWorld(['a', 'b'], { p: 100n })
    world.add('a', { priceOut: 60n })
    world.offer('a', 60n)
    const result = await world.auction(await world.input(), { seats: ['a', 'b'], acks: 3 })
    expect(result.choice.ranked.map((bid) => bid.provider)).to.deep.equal(['a', 'p'].map(ownerOf))
    expect(result.sets.map((set) => set.bids.length)).to.deep.equal([2, 2])
    const [ownAck] = world.frames('bidAck', { from: 'b', to: 'a' })
    expect(ownAck?.bidAck.ack.seat).to.equal(ownerOf('b'))
    expect(world.streams.some(({ from, to }) => from === to)).to.equal(false)
    await world.auctioneer(['a', 'b']).sendOpenings(result, [ownerOf('a')], 0n)
    await world.seen('openings', 4)
    expect(world.node('a').evidence.kept).to.deep.equal([])
  })
})
