import { envelopeCodec } from '@duckmesh/proto'
import { expect } from 'chai'
import { BindingBook } from '../../../src/mesh/binding-book.ts'
import { openEnvelope } from '../../../src/mesh/envelope.ts'
import { GossipDriver } from '../../../src/mesh/wire/gossip-driver.ts'
import { DuckMeshError } from '../../../src/errors.ts'
import { expectCode } from '../../support/expect-code.ts'
import { settle } from '../../support/fake-clock.ts'
import { neighbourJoined, stopHosts, testHost, until } from '../../support/hosts.ts'
import { memoryLogger } from '../../support/memory-logger.ts'
import { CTL_3, OFFERS_3, impostor, modelIn } from '../../support/mesh-fixtures.ts'
import { TEST_NETWORK, testCrypto, testPeerSigner } from '../../support/test-crypto.ts'
import { DUCK, JOBS_3, MarketFixture } from '../support/market-fixture.ts'
import type { ReceivedHeader } from '../../../src/mesh/interface.ts'
import type { GossipPort, ReceivedOffer } from '../../../src/mesh/wire/gossip-driver.ts'
import type { MemoryLogger } from '../../support/memory-logger.ts'
import type { TestHost } from '../../support/hosts.ts'
import type { Heartbeat, Hex, PeerBinding } from '@duckmesh/proto'

interface Seen {
  offers: ReceivedOffer[]
  bindings: PeerBinding[]
  unknown: Hex[]
  beats: { heartbeat: Heartbeat; peerKey: Hex; shard: number }[]
  headers: ReceivedHeader[]
}

/** Stands for the peer id of whoever brought a message. */
const neighbour = { toString: () => 'neighbour' }

/** A pubsub that only remembers. */
class FakePubsub extends EventTarget {
  readonly topicValidators: GossipPort['topicValidators'] = new Map()
  readonly topics = new Set<string>()
  readonly published: { topic: string; data: Uint8Array }[] = []
  subscribe = (topic: string): void => void this.topics.add(topic)
  unsubscribe = (topic: string): void => void this.topics.delete(topic)
  publish = (topic: string, data = new Uint8Array()): Promise<{ recipients: [] }> => {
    this.published.push({ topic, data })
    return Promise.resolve({ recipients: [] })
  }
  join(topic: string): void {
    const detail = { subscriptions: [{ topic, subscribe: true }] }
    this.dispatchEvent(new CustomEvent('subscription-change', { detail }))
  }
}

describe('gossip driver', () => {
  let mesh: MarketFixture
  let logger: MemoryLogger

  beforeEach(() => {
    mesh = new MarketFixture()
    logger = memoryLogger()
  })

  afterEach(stopHosts)

  function driver(label: string, pubsub: GossipPort, shards: readonly number[] = [3]) {
    const base = { network: TEST_NETWORK, crypto: testCrypto, clock: mesh.clock }
    const bindings = new BindingBook(base)
    const seen: Seen = { offers: [], bindings: [], unknown: [], beats: [], headers: [] }
    const components = {
      ...base,
      bindings,
      stake: mesh.stake,
      seats: mesh,
      funding: mesh,
      pubsub,
      logger,
      signer: testPeerSigner(label),
    }
    const handlers = {
      offer: (received: ReceivedOffer) => void seen.offers.push(received),
      binding: (binding: PeerBinding) => void seen.bindings.push(binding),
      unknownPeer: (peerKey: Hex) => void seen.unknown.push(peerKey),
      heartbeat: (heartbeat: Heartbeat, peerKey: Hex, shard: number) =>
        void seen.beats.push({ heartbeat, peerKey, shard }),
      jobHeader: (received: ReceivedHeader) => void seen.headers.push(received),
    }
    return { driver: new GossipDriver(components, handlers, { shards }), bindings, seen }
  }

  const fake = () => {
    const pubsub = new FakePubsub()
    return { pubsub, port: pubsub as unknown as GossipPort }
  }
  const judge = (pubsub: FakePubsub, topic: string, data: Uint8Array) => {
    const validator = pubsub.topicValidators.get(topic) ?? expect.fail('no validator')
    return validator(neighbour as never, { type: 'unsigned', topic, data })
  }

  it('subscribes to the topics of its shards with a validator on each, and leaves them', () => {
    const { pubsub, port } = fake()
    const peer = driver('duck', port, [3, 5])
    peer.driver.start()
    expect([...pubsub.topics].sort()).to.deep.equal(peer.driver.topics.sort())
    expect([...pubsub.topicValidators.keys()].sort()).to.deep.equal(peer.driver.topics.sort())
    peer.driver.stop()
    expect(pubsub.topics.size + pubsub.topicValidators.size).to.equal(0)
  })

  it('gives accepted messages to the handlers once, and the verdict to gossipsub', async () => {
    const { pubsub, port } = fake()
    const { driver: peer, seen } = driver('duck', port)
    peer.start()
    mesh.stake.stake('goose')
    const offer = await mesh.sealOffer('goose')
    expect(await judge(pubsub, OFFERS_3, offer)).to.equal('ignore')
    expect(seen.unknown).to.deep.equal([testPeerSigner('goose').peerKey])
    expect(await judge(pubsub, CTL_3, await mesh.sealBinding('goose'))).to.equal('accept')
    expect(await judge(pubsub, OFFERS_3, offer)).to.equal('accept')
    expect(await judge(pubsub, OFFERS_3, offer)).to.equal('ignore')
    expect(await judge(pubsub, OFFERS_3, new Uint8Array(3))).to.equal('reject')
    expect(seen.bindings).to.have.length(1)
    expect(seen.offers.map((each) => each.offer)).to.deep.equal([mesh.offer('goose')])
    expect(seen.offers[0]?.envelope).to.deep.equal(envelopeCodec.decode(offer))
  })

  it('asks for the binding of one unknown peer at most every 10 s', async () => {
    const { pubsub, port } = fake()
    const { driver: peer, seen } = driver('duck', port)
    peer.start()
    for (let i = 0; i < 3; i++) await judge(pubsub, OFFERS_3, await mesh.sealOffer('goose'))
    expect(seen.unknown).to.have.length(1)
    mesh.clock.set(mesh.clock.now() + 10_000)
    await judge(pubsub, OFFERS_3, await mesh.sealOffer('goose'))
    expect(seen.unknown).to.have.length(2)
  })

  it('accepts a message whose handler fails', async () => {
    const { pubsub, port } = fake()
    const { driver: peer, seen } = driver('duck', port)
    peer.start()
    mesh.stake.stake('goose')
    Object.defineProperty(seen, 'bindings', { value: null })
    expect(await judge(pubsub, CTL_3, await mesh.sealBinding('goose'))).to.equal('accept')
    expect(logger.entries.map((entry) => entry.event)).to.include('mesh.handler_failed')
  })

  it('publishes its binding at once and every 60 s, renewed, with growing numbers', async () => {
    const { pubsub, port } = fake()
    const { driver: peer } = driver('duck', port, [3, 5])
    peer.start()
    const bindings = await Promise.all(
      [100, 200].map((seconds) => mesh.binding('duck', 'duck', mesh.inSeconds(seconds))),
    )
    let asked = 0
    peer.announce(() => bindings[asked++] ?? expect.fail('asked too often'))
    await until(() => pubsub.published.length === 2)
    await mesh.clock.advance(59_999)
    expect(pubsub.published).to.have.length(2)
    await mesh.clock.advance(1)
    await until(() => pubsub.published.length === 4)
    const opened = await Promise.all(
      pubsub.published
        .slice(2)
        .map(({ data }) =>
          openEnvelope(data, { network: TEST_NETWORK, crypto: testCrypto, clock: mesh.clock }),
        ),
    )
    expect(opened.map(({ body }) => body.type)).to.deep.equal(['peerBinding', 'peerBinding'])
    expect(opened[1]?.body.seq).to.equal(peer.lastSeq)
    expect(new Set(pubsub.published.map(({ topic }) => topic)).size).to.equal(2)
    peer.stop()
    await mesh.clock.advance(600_000)
    expect(pubsub.published).to.have.length(4)
  })

  it('greets a new neighbour with its binding, within its own quota', async () => {
    const { pubsub, port } = fake()
    const { driver: peer } = driver('duck', port)
    peer.start()
    const binding = await mesh.binding('duck')
    peer.announce(() => binding)
    await until(() => pubsub.published.length === 1)
    for (let i = 0; i < 5; i++) pubsub.join(CTL_3)
    pubsub.join(OFFERS_3)
    pubsub.join('/other/topic')
    await until(() => pubsub.published.length === 2)
    await settle()
    expect(pubsub.published).to.have.length(2)
    peer.stop()
  })

  it('refuses to publish an offer of no shard of its own, and to publish without a key', async () => {
    const { port } = fake()
    const { driver: peer } = driver('duck', port, [3])
    const [model] = mesh.offer('duck').models
    const models = [{ ...(model ?? expect.fail()), modelId: modelIn(9) }]
    await expectCode('FIELD_OUT_OF_RANGE', () => peer.publishOffer(mesh.offer('duck', { models })))
    const base = { network: TEST_NETWORK, crypto: testCrypto, clock: mesh.clock }
    const mute = new GossipDriver(
      { ...base, bindings: mesh.bindings, stake: mesh.stake, pubsub: port, logger },
      {},
      { shards: [3] },
    )
    await expectCode('CONFIG_INVALID', () => mute.publishOffer(mesh.offer('duck')))
  })

  it('tells heartbeats and job headers with their sender', async () => {
    const { pubsub, port } = fake()
    const { driver: peer, seen } = driver('duck', port)
    peer.start()
    mesh.fund('client', 20n * DUCK)
    await mesh.sit('goose')
    expect(await judge(pubsub, CTL_3, await mesh.sealBinding('goose'))).to.equal('accept')
    expect(await judge(pubsub, CTL_3, await mesh.sealHeartbeat('goose'))).to.equal('accept')
    const { peerKey } = testPeerSigner('goose')
    expect(seen.beats).to.deep.equal([{ heartbeat: mesh.heartbeat('goose'), peerKey, shard: 3 }])
    const data = await mesh.sealHeader('client')
    expect(await judge(pubsub, JOBS_3, data)).to.equal('accept')
    expect(await judge(pubsub, JOBS_3, data)).to.equal('ignore')
    expect(seen.headers.map(({ envelope }) => envelope)).to.deep.equal([envelopeCodec.decode(data)])
    expect(seen.headers[0]?.header).to.deep.equal(await mesh.header('client'))
  })

  it('publishes a heartbeat that lives 10 s and that a validator takes', async () => {
    const { pubsub, port } = fake()
    const { driver: peer, seen } = driver('duck', port)
    await mesh.sit('duck')
    await peer.publishHeartbeat(3, mesh.heartbeat('duck'))
    const [sent] = pubsub.published
    if (sent === undefined) expect.fail('nothing published')
    expect(sent.topic).to.equal(CTL_3)
    expect(await mesh.verdict(CTL_3, sent.data)).to.equal('accept')
    const opened = await openEnvelope(sent.data, {
      network: TEST_NETWORK,
      crypto: testCrypto,
      clock: mesh.clock,
    })
    expect(opened.body.expiryMs - opened.body.issuedAtMs).to.equal(10_000)
    // Nobody hears itself: it counts its own seats as live.
    expect(seen.beats).to.deep.equal([])
  })

  it('publishes an envelope of somebody else byte for byte, without its own key', async () => {
    const { pubsub, port } = fake()
    const { driver: peer, seen } = driver('duck', port)
    const data = await mesh.sealHeader('client')
    await peer.publishEnvelope('jobs', 3, envelopeCodec.decode(data))
    expect(pubsub.published).to.deep.equal([{ topic: JOBS_3, data }])
    expect(seen.headers).to.deep.equal([])
    await expectCode('FIELD_OUT_OF_RANGE', () =>
      peer.publishEnvelope('jobs', 16, envelopeCodec.decode(data)),
    )
  })

  describe('forwarding for a client without gossip', () => {
    const caller = testPeerSigner('client').peerKey

    it('judges the header as gossip would, passes it on and tells its own handler', async () => {
      const { pubsub, port } = fake()
      const { driver: peer, seen } = driver('duck', port)
      peer.start()
      mesh.fund('client', 20n * DUCK)
      const data = await mesh.sealHeader('client')
      await peer.forward(envelopeCodec.decode(data), caller)
      expect(pubsub.published).to.deep.equal([{ topic: JOBS_3, data }])
      expect(seen.headers).to.have.length(1)
      await expectCode('ENVELOPE_REPLAYED', () => peer.forward(envelopeCodec.decode(data), caller))
      expect(await judge(pubsub, JOBS_3, data)).to.equal('ignore')
      expect(seen.headers).to.have.length(1)
      expect(pubsub.published).to.have.length(1)
    })

    it('publishes nothing that gossip would refuse', async () => {
      const { pubsub, port } = fake()
      const { driver: peer, seen } = driver('duck', port, [3])
      mesh.fund('client', 20n * DUCK)
      await expectCode('UNFUNDED', async () => peer.forward(await mesh.headerEnvelope('x'), caller))
      const signer = impostor('client', 'thief')
      const forged = await mesh.headerEnvelope('client', undefined, { signer })
      await expectCode('BAD_SIGNATURE', () => peer.forward(forged, caller))
      const elsewhere = await mesh.header('client', { order: { modelId: modelIn(9) } })
      await expectCode('WRONG_TOPIC', async () =>
        peer.forward(await mesh.headerEnvelope('client', elsewhere), caller),
      )
      const binding = envelopeCodec.decode(await mesh.sealBinding('duck'))
      await expectCode('WRONG_TOPIC', () => peer.forward(binding, caller))
      expect(pubsub.published.length + seen.headers.length).to.equal(0)
    })

    it('ends with the quota of the payer, whoever forwards', async () => {
      const { pubsub, port } = fake()
      const { driver: peer } = driver('duck', port)
      mesh.fund('client', 10n * DUCK)
      const header = await mesh.header('client')
      const codes: unknown[] = []
      for (let attempt = 0; attempt < 12; attempt++) {
        const envelope = await mesh.headerEnvelope('client', { ...header, attempt })
        const error = await peer.forward(envelope, caller).catch((e: unknown) => e)
        codes.push(error instanceof DuckMeshError ? error.code : 'ok')
      }
      expect(codes.slice(10)).to.deep.equal(['RATE_LIMITED', 'RATE_LIMITED'])
      expect(pubsub.published).to.have.length(10)
    })
  })

  describe('over three hosts in a line', () => {
    async function line() {
      const labels = ['a', 'b', 'c'] as const
      const hosts = await Promise.all(labels.map((label) => testHost(label)))
      const peers = hosts.map((host, i) => driver(labels[i] ?? '', host.services.pubsub))
      for (const label of labels) mesh.stake.stake(label)
      for (const peer of peers) peer.driver.start()
      const [a, b, c] = hosts as [TestHost, TestHost, TestHost]
      for (const [from, to] of [
        [a, b],
        [b, c],
      ] as const) {
        const both = [from, to].map(neighbourJoined)
        await from.dial(to.getMultiaddrs())
        await Promise.all(both)
      }
      return { hosts: [a, b, c] as const, peers }
    }

    it('carries bindings and offers from end to end, each once', async () => {
      const { peers } = await line()
      const [first, , last] = peers
      if (!first || !last) expect.fail()
      const binding = await mesh.binding('a')
      first.driver.announce(() => binding)
      await until(() => last.seen.bindings.length === 1)
      const envelope = await first.driver.publishOffer(mesh.offer('a'))
      await until(() => last.seen.offers.length === 1)
      expect(last.seen.offers[0]?.envelope).to.deep.equal(envelope)
      expect(last.seen.offers[0]?.peerKey).to.equal(testPeerSigner('a').peerKey)
      expect(last.bindings.peer(testPeerSigner('a').peerKey)).to.deep.equal(binding)
      for (const peer of peers) peer.driver.stop()
    })

    it('carries a header and heartbeats from end to end, the header byte for byte', async () => {
      const { peers } = await line()
      const [first, middle, last] = peers
      if (!first || !middle || !last) expect.fail()
      mesh.fund('client', 20n * DUCK)
      await mesh.sit('a')
      const binding = await mesh.binding('a')
      first.driver.announce(() => binding)
      await until(() => last.seen.bindings.length === 1)
      const envelope = await mesh.headerEnvelope('client')
      await first.driver.publishEnvelope('jobs', 3, envelope)
      await first.driver.publishHeartbeat(3, mesh.heartbeat('a'))
      await until(() => last.seen.headers.length === 1 && last.seen.beats.length === 1)
      expect(last.seen.headers[0]?.envelope).to.deep.equal(envelope)
      expect(last.seen.beats[0]?.heartbeat).to.deep.equal(mesh.heartbeat('a'))
      // A client may ask two peers to forward: the second one has it from gossip.
      await expectCode('ENVELOPE_REPLAYED', () =>
        last.driver.forward(envelope, testPeerSigner('client').peerKey),
      )
      await last.driver.publishEnvelope('jobs', 3, envelope)
      await settle()
      for (const { seen } of [middle, last]) expect(seen.headers).to.have.length(1)
      for (const peer of peers) peer.driver.stop()
    })

    it('graylists a neighbour that keeps sending forged messages, which nobody relays', async () => {
      const { hosts, peers } = await line()
      const [a, b] = hosts
      const score = () =>
        (b.services.pubsub as unknown as { getScore(peer: string): number }).getScore(
          a.peerId.toString(),
        )
      const signer = impostor('b', 'fox')
      peers[1]?.bindings.verifyPeer(await mesh.binding('b'), testPeerSigner('b').peerKey)
      for (let i = 0; i < 6; i++) {
        const forged = await mesh.sealOffer('b', undefined, { signer })
        await a.services.pubsub.publish(OFFERS_3, forged)
      }
      await until(() => score() < -2_500)
      expect(peers[2]?.seen.unknown).to.deep.equal([])
      for (const peer of peers) peer.driver.stop()
    })
  })
})
