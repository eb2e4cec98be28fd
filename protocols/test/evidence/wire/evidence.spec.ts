/** Tests: notices by gossip and proofs by stream between real hosts, from the finder to the chain. */
import { evidenceFrameCodec, limits } from '@duckmesh/proto'
import type { EvidenceFrame, Hex } from '@duckmesh/proto'
import type { Connection, Stream } from '@libp2p/interface'
import { expect } from 'chai'
import { EvidenceCollector } from '../../../src/evidence/evidence-collector.ts'
import { EvidenceDesk } from '../../../src/evidence/evidence-desk.ts'
import { EvidenceClient } from '../../../src/evidence/wire/evidence-client.ts'
import { EvidenceServer } from '../../../src/evidence/wire/evidence-server.ts'
import { BindingBook } from '../../../src/mesh/binding-book.ts'
import { buildHello } from '../../../src/mesh/hello.ts'
import type { FrameStream } from '../../../src/mesh/interface.ts'
import { EVIDENCE_PROTOCOL } from '../../../src/mesh/protocol-ids.ts'
import { frameStream } from '../../../src/mesh/wire/frame-stream.ts'
import { GossipDriver } from '../../../src/mesh/wire/gossip-driver.ts'
import { acceptSession } from '../../../src/mesh/wire/session.ts'
import { MarketFixture } from '../../mesh/support/market-fixture.ts'
import { expectCode } from '../../support/expect-code.ts'
import { neighbourJoined, stopHosts, testHost, testPeerId, until } from '../../support/hosts.ts'
import type { TestHost } from '../../support/hosts.ts'
import { memoryLogger } from '../../support/memory-logger.ts'
import { ownerOf } from '../../support/mesh-fixtures.ts'
import { TEST_NETWORK, testCrypto, testPeerSigner } from '../../support/test-crypto.ts'
import { CHECK, FakeFaults, MemoryProofs, hashOf, packed, twoReceipts } from '../proofs.ts'

const LABELS = ['duck', 'goose', 'fox', 'client'] as const

interface Peer {
  host: TestHost
  desk: EvidenceDesk
  client: EvidenceClient
  gossip: GossipDriver
}

describe('evidence between hosts', () => {
  let mesh: MarketFixture
  let faults: FakeFaults

  beforeEach(async () => {
    mesh = new MarketFixture()
    faults = new FakeFaults()
    for (const label of ['duck', 'goose', 'fox']) await mesh.join(label)
  })

  afterEach(stopHosts)

  const session = () => ({
    network: TEST_NETWORK,
    clock: mesh.clock,
    bindings: new BindingBook({ network: TEST_NETWORK, crypto: testCrypto, clock: mesh.clock }),
  })

  async function clientOf(label: string, host: TestHost): Promise<EvidenceClient> {
    const binding = await mesh.clientBinding(label)
    const hello = () => buildHello(TEST_NETWORK, { client: binding })
    return new EvidenceClient({ ...session(), host, hello })
  }

  /** A whole peer: gossip, the protocol, and a desk that brings proofs to the chain. */
  async function peer(label: string): Promise<Peer> {
    const host = await testHost(label)
    const binding = await mesh.binding(label)
    const hello = () => buildHello(TEST_NETWORK, { peer: binding })
    const logger = memoryLogger()
    const self = { owner: ownerOf(label), peerKey: testPeerSigner(label).peerKey }
    const desk = new EvidenceDesk(
      {
        ...CHECK,
        clock: mesh.clock,
        logger,
        faults,
        reporter: faults.reporter(label),
        store: new MemoryProofs(),
        announce: (notice) => gossip.publishEvidence(notice),
      },
      { self, maxDelayMs: 1_000 },
    )
    const client = new EvidenceClient({ ...session(), host, hello })
    const collector = new EvidenceCollector({
      ...CHECK,
      clock: mesh.clock,
      logger,
      desk,
      self: self.owner,
      fetch: async (holder, hash, signal) => {
        const known = LABELS.find((each) => testPeerSigner(each).peerKey === holder)
        return client.fetch(await testPeerId(known ?? 'nobody'), hash, { signal })
      },
    })
    const gossip: GossipDriver = new GossipDriver(
      {
        ...CHECK,
        clock: mesh.clock,
        bindings: mesh.bindings,
        stake: mesh.stake,
        pubsub: host.services.pubsub,
        logger,
        signer: testPeerSigner(label),
      },
      {
        evidence: (notice) => {
          collector.heard(notice)
        },
      },
      { shards: [3] },
    )
    gossip.start()
    const server = new EvidenceServer({ ...session(), logger, hello, desk })
    await host.handle(EVIDENCE_PROTOCOL, server.handle)
    return { host, desk, client, gossip }
  }

  async function joined(...peers: Peer[]): Promise<void> {
    const [first, ...others] = peers
    if (first === undefined) return
    for (const { host } of others) {
      const news = Promise.all([neighbourJoined(first.host), neighbourJoined(host)])
      await host.dial(first.host.getMultiaddrs())
      await news
    }
  }

  it('a proof that a client handed over is told, fetched and sent once', async () => {
    const [duck, goose] = await Promise.all([peer('duck'), peer('goose')])
    const host = await testHost('client')
    await joined(duck, goose)
    for (const to of [duck, goose]) await host.dial(to.host.getMultiaddrs())
    const read = packed(await twoReceipts())
    const client = await clientOf('client', host)
    await client.submit(duck.host.peerId, read.bytes)
    await until(() => goose.desk.find(read.hash) !== undefined)
    expect(goose.desk.find(read.hash)).to.deep.equal(read.bytes)
    await mesh.clock.advance(1_000)
    expect(faults.sent).to.have.length(1)
    expect(faults.punished.get(read.faultId)).to.be.oneOf(['duck', 'goose'])
    // The same again, and another proof of the same fault: no second transaction.
    await client.submit(goose.host.peerId, read.bytes)
    await mesh.clock.advance(60_000)
    expect(faults.sent).to.have.length(1)
  })

  it('the holder that vanished is replaced by whoever fetched it', async () => {
    const [duck, goose] = await Promise.all([peer('duck'), peer('goose')])
    await joined(duck, goose)
    const read = packed(await twoReceipts())
    await duck.desk.take(read.bytes, 'handed')
    await until(() => goose.desk.find(read.hash) !== undefined)
    duck.desk.stop()
    await duck.host.stop()
    await mesh.clock.advance(1_000)
    expect(faults.sent).to.deep.equal([{ by: 'goose', faultId: read.faultId }])
  })

  describe('server', () => {
    async function served(): Promise<{ duck: Peer; client: EvidenceClient }> {
      const duck = await peer('duck')
      const host = await testHost('client')
      await host.dial(duck.host.getMultiaddrs())
      return { duck, client: await clientOf('client', host) }
    }

    it('gives what it holds and nothing else', async () => {
      const { client, duck } = await served()
      const read = packed(await twoReceipts())
      await duck.desk.take(read.bytes, 'heard')
      expect(await client.fetch(duck.host.peerId, read.hash)).to.deep.equal(read.bytes)
      expect(await client.fetch(duck.host.peerId, hashOf('other'))).to.equal(undefined)
    })

    it('says why it does not take a proof', async () => {
      const { client, duck } = await served()
      const submit = (bytes: Uint8Array) => client.submit(duck.host.peerId, bytes)
      await expectCode('MALFORMED_FRAME', () => submit(Uint8Array.of(1, 2, 3)))
      const own = packed(await twoReceipts('job', 'duck'))
      await expectCode('NOT_SUPPORTED', () => submit(own.bytes))
      const stranger = packed(await twoReceipts('job', 'nobody'))
      faults.void.add(stranger.hash)
      await expectCode('EVIDENCE_INVALID', () => submit(stranger.bytes))
      const full = new Uint8Array(limits.MAX_PROOF_BYTES)
      await expectCode('MALFORMED_FRAME', () => submit(full))
      expect(faults.sent).to.deep.equal([])
    })

    it('resets the stream of whoever sends more bytes than a proof may have', async () => {
      const { duck } = await served()
      const other = await testHost('goose')
      await other.dial(duck.host.getMultiaddrs())
      const stream = await other.dialProtocol(duck.host.peerId, EVIDENCE_PROTOCOL)
      const tooLong = limits.MAX_EVIDENCE_FRAME_BYTES + 1
      // A varint of two bytes: nothing of the frame itself need be sent.
      stream.send(Uint8Array.of((tooLong & 0x7f) | 0x80, tooLong >> 7))
      await until(() => stream.status !== 'open')
      expect(stream.status).to.equal('reset')
    })

    it('takes five proofs of a caller at once, however many streams it opens', async () => {
      const { client, duck } = await served()
      for (let i = 0; i < 5; i++) {
        const { bytes } = packed(await twoReceipts(`job ${String(i)}`))
        await client.submit(duck.host.peerId, bytes)
      }
      await client.stop()
      const { bytes } = packed(await twoReceipts('job 6'))
      await expectCode('RATE_LIMITED', () => client.submit(duck.host.peerId, bytes))
      mesh.clock.set(mesh.clock.now() + 10_000)
      await client.submit(duck.host.peerId, bytes)
    })

    it('ends the stream of whoever asks too much or answers what nobody asked', async () => {
      const { client, duck } = await served()
      const ask = () => client.fetch(duck.host.peerId, hashOf('other'))
      for (let i = 0; i < 20; i++) await ask()
      await expectCode('STREAM_CLOSED', ask)
    })
  })

  describe('client', () => {
    async function serveInstead(
      talk: (frames: FrameStream<EvidenceFrame>) => Promise<void>,
    ): Promise<{ ask: () => Promise<unknown> }> {
      const [host, other] = await Promise.all([testHost('client'), testHost('fox')])
      const binding = await mesh.binding('fox')
      await other.handle(EVIDENCE_PROTOCOL, async (stream: Stream, { remotePeer }: Connection) => {
        const codec = evidenceFrameCodec
        const frames = frameStream({ stream, remotePeer, codec, clock: mesh.clock })
        const answer = () => buildHello(TEST_NETWORK, { peer: binding })
        await acceptSession(frames, answer, session(), { expect: 'any' })
        await talk(frames)
      })
      await host.dial(other.getMultiaddrs())
      const client = await clientOf('client', host)
      return { ask: () => client.fetch(other.peerId, hashOf('proof')) }
    }

    it('gives up on a holder that never answers', async () => {
      const asked = Promise.withResolvers<undefined>()
      const { ask } = await serveInstead(async (frames) => {
        for await (const frame of frames) if (frame.kind === 'request') asked.resolve(undefined)
      })
      const answer = expectCode('TIMED_OUT', ask)
      await asked.promise
      await mesh.clock.advance(5_000)
      await answer
    })

    const lies: [name: string, frame: (id: number) => EvidenceFrame][] = [
      ['to a question of nobody', (id) => ({ kind: 'result', result: { id: id + 7, code: '' } })],
      ['of the other kind', (id) => ({ kind: 'result', result: { id, code: '' } })],
      ['that is a question', (id) => ({ kind: 'request', request: { id, hash: ZERO } })],
    ]
    for (const [name, frame] of lies) {
      it(`refuses an answer ${name}`, async () => {
        const { ask } = await serveInstead(async (frames) => {
          for await (const each of frames) {
            if (each.kind === 'request') await frames.send(frame(each.request.id))
          }
        })
        await expectCode('UNEXPECTED_FRAME', ask)
      })
    }
  })
})

const ZERO: Hex = `0x${'00'.repeat(32)}`
