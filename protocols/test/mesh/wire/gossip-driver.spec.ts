import { envelopeCodec } from '@duckmesh/proto'
import { expect } from 'chai'
import { BindingBook } from '../../../src/mesh/binding-book.ts'
import { openEnvelope } from '../../../src/mesh/envelope.ts'
import { GossipDriver } from '../../../src/mesh/wire/gossip-driver.ts'
import { expectCode } from '../../support/expect-code.ts'
import { settle } from '../../support/fake-clock.ts'
import { neighbourJoined, stopHosts, testHost, until } from '../../support/hosts.ts'
import { memoryLogger } from '../../support/memory-logger.ts'
import { CTL_3, MeshFixture, OFFERS_3, impostor, modelIn } from '../../support/mesh-fixtures.ts'
import { TEST_NETWORK, testCrypto, testPeerSigner } from '../../support/test-crypto.ts'
import type { GossipPort, ReceivedOffer } from '../../../src/mesh/wire/gossip-driver.ts'
import type { MemoryLogger } from '../../support/memory-logger.ts'
import type { TestHost } from '../../support/hosts.ts'
import type { Hex, PeerBinding } from '@duckmesh/proto'

interface Seen {
  offers: ReceivedOffer[]
  bindings: PeerBinding[]
  unknown: Hex[]
}

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
  let mesh: MeshFixture
  let logger: MemoryLogger

  beforeEach(() => {
    mesh = new MeshFixture()
    logger = memoryLogger()
  })

  afterEach(stopHosts)

  function driver(label: string, pubsub: GossipPort, shards: readonly number[] = [3]) {
    const base = { network: TEST_NETWORK, crypto: testCrypto, clock: mesh.clock }
    const bindings = new BindingBook(base)
    const seen: Seen = { offers: [], bindings: [], unknown: [] }
    const components = {
      ...base,
      bindings,
      stake: mesh.stake,
      pubsub,
      logger,
      signer: testPeerSigner(label),
    }
    const handlers = {
      offer: (received: ReceivedOffer) => void seen.offers.push(received),
      binding: (binding: PeerBinding) => void seen.bindings.push(binding),
      unknownPeer: (peerKey: Hex) => void seen.unknown.push(peerKey),
    }
    return { driver: new GossipDriver(components, handlers, { shards }), bindings, seen }
  }

  const fake = () => {
    const pubsub = new FakePubsub()
    return { pubsub, port: pubsub as unknown as GossipPort }
  }
  const judge = (pubsub: FakePubsub, topic: string, data: Uint8Array) => {
    const validator = pubsub.topicValidators.get(topic) ?? expect.fail('no validator')
    return validator(undefined as never, { type: 'unsigned', topic, data })
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
