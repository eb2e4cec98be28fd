/** Tests: the light protocol between two hosts. */
import { envelopeCodec, lightFrameCodec } from '@duckmesh/proto'
import { expect } from 'chai'
import { DuckMeshError } from '../../../src/errors.ts'
import { SeatLists } from '../../../src/election/seat-lists.ts'
import { SeatWatch } from '../../../src/election/seat-watch.ts'
import { TurnClock } from '../../../src/election/turn-clock.ts'
import { PeerQueries } from '../../../src/election/wire/light-client.ts'
import { LightServer } from '../../../src/election/wire/light-server.ts'
import { BindingBook } from '../../../src/mesh/binding-book.ts'
import { buildHello } from '../../../src/mesh/hello.ts'
import { LIGHT_PROTOCOL } from '../../../src/mesh/protocol-ids.ts'
import { frameStream } from '../../../src/mesh/wire/frame-stream.ts'
import { acceptSession, openSession } from '../../../src/mesh/wire/session.ts'
import { MarketFixture } from '../../mesh/support/market-fixture.ts'
import { expectCode } from '../../support/expect-code.ts'
import { stopHosts, testHost, until } from '../../support/hosts.ts'
import { memoryLogger } from '../../support/memory-logger.ts'
import { ownerOf } from '../../support/mesh-fixtures.ts'
import { TEST_NETWORK, testCrypto, testPeerSigner, testSigner } from '../../support/test-crypto.ts'
import type { LightServerComponents } from '../../../src/election/wire/light-server.ts'
import type { ErrorCode } from '../../../src/error-codes.ts'
import type { FrameStream } from '../../../src/mesh/interface.ts'
import type { TestHost } from '../../support/hosts.ts'
import type { ClientBinding, Envelope, Hex, LightFrame, PeerBinding } from '@duckmesh/proto'
import type { Connection, Stream } from '@libp2p/interface'

const LABELS = ['duck', 'goose', 'swan'] as const
const OWNERS = LABELS.map(ownerOf)
const HOME = '/ip4/127.0.0.1/tcp/3825'

describe('light', () => {
  let mesh: MarketFixture
  let peer: TestHost
  let client: TestHost
  let binding: PeerBinding
  let clientBinding: ClientBinding
  let turnClock: TurnClock
  let view: SeatLists
  let watch: SeatWatch
  /** Epochs that the chain does not tell. */
  let blind: Set<number>

  beforeEach(async () => {
    mesh = new MarketFixture()
    blind = new Set()
    turnClock = new TurnClock(mesh.clock, { epochS: 60, turnS: 10 })
    const port = {
      seed: (epoch: number): Promise<Hex> =>
        blind.has(epoch)
          ? Promise.reject(new DuckMeshError('CHAIN_UNREACHABLE', 'Blind.'))
          : Promise.resolve(`0x${epoch.toString(16).padStart(64, '0')}` as const),
      weights: () => Promise.resolve(new Map(OWNERS.map((owner) => [owner, 10n ** 21n]))),
    }
    view = new SeatLists({ port, turnClock })
    watch = new SeatWatch({ clock: mesh.clock, view })
    binding = await mesh.binding('duck')
    clientBinding = await mesh.clientBinding('client')
    ;[peer, client] = await Promise.all([testHost('duck'), testHost('client')])
    await client.dial(peer.getMultiaddrs())
  })

  afterEach(stopHosts)

  const session = () => ({
    network: TEST_NETWORK,
    clock: mesh.clock,
    bindings: new BindingBook({ network: TEST_NETWORK, crypto: testCrypto, clock: mesh.clock }),
  })

  /** Knows every owner's peer but the swan's. */
  const directory = {
    peerOf: async (owner: Hex) => {
      const label = LABELS.find((each) => ownerOf(each) === owner && each !== 'swan')
      return label && { peerKey: testPeerSigner(label).peerKey, addresses: [HOME] }
    },
  }

  async function serve(changes: Partial<LightServerComponents> = {}): Promise<void> {
    const server = new LightServer({
      ...session(),
      logger: memoryLogger(),
      hello: () => buildHello(TEST_NETWORK, { peer: binding }),
      view,
      watch,
      directory,
      self: ownerOf('duck'),
      ...changes,
    })
    await peer.handle(LIGHT_PROTOCOL, server.handle)
  }

  const queries = (): PeerQueries =>
    new PeerQueries({
      ...session(),
      host: client,
      hello: () => buildHello(TEST_NETWORK, { client: clientBinding }),
    })

  const streams = (): number =>
    client.getConnections().flatMap((connection) => {
      return connection.streams.filter((stream) => stream.protocol === LIGHT_PROTOCOL)
    }).length

  async function serveInstead(talk: (frames: FrameStream<LightFrame>) => Promise<void>) {
    await peer.handle(LIGHT_PROTOCOL, async (stream: Stream, { remotePeer }: Connection) => {
      const frames = frameStream({ stream, remotePeer, codec: lightFrameCodec, clock: mesh.clock })
      const answer = () => buildHello(TEST_NETWORK, { peer: binding })
      await acceptSession(frames, answer, session(), { expect: 'any' })
      await talk(frames)
    })
  }

  describe('seats', () => {
    it('are told for this turn and the next by rank, with peer, addresses and silence', async () => {
      await serve()
      const now = turnClock.now()
      const next = turnClock.next(now)
      const heartbeat = mesh.heartbeat('goose', now)
      watch.heard(3, heartbeat)
      mesh.clock.set(mesh.clock.now() + 700)
      const turns = await queries().seats(peer.peerId, 3)
      expect(turns.map(({ epoch, turn }) => ({ epoch, turn }))).to.deep.equal([now, next])
      const owners = (await view.seats(3, now)).filter((owner) => owner !== ownerOf('swan'))
      expect(turns[0]?.seats.map(({ owner }) => owner)).to.deep.equal(owners)
      const told = new Map(turns[0]?.seats.map((seat) => [seat.owner, seat]))
      // It does not hear itself.
      expect(told.get(ownerOf('duck'))?.silentMs).to.equal(0)
      expect(told.get(ownerOf('goose'))).to.deep.equal({
        owner: ownerOf('goose'),
        peerKey: testPeerSigner('goose').peerKey,
        addresses: [HOME],
        silentMs: 700,
      })
    })

    it('say of one that was never heard that it was not', async () => {
      await serve({ self: undefined })
      const [turn] = await queries().seats(peer.peerId, 3)
      expect(turn?.seats.map(({ silentMs }) => silentMs)).to.deep.equal([0xffff_ffff, 0xffff_ffff])
    })

    it('leave out a turn that the chain view does not know', async () => {
      await serve()
      const now = turnClock.now()
      mesh.clock.set(turnClock.startMs({ epoch: now.epoch + 1, turn: 0 }) - 1_000)
      blind.add(now.epoch + 1)
      const turns = await queries().seats(peer.peerId, 3)
      expect(turns.map(({ epoch }) => epoch)).to.deep.equal([now.epoch])
      mesh.clock.set(mesh.clock.now() + 2_000)
      blind.add(now.epoch + 2)
      expect(await queries().seats(peer.peerId, 3)).to.deep.equal([])
    })

    it('tell at most four addresses, and none that does not fit', async () => {
      const addresses = [
        '',
        'x'.repeat(257),
        ...Array.from({ length: 9 }, (_, i) => `/dns/${String(i)}`),
      ]
      const { peerKey } = testPeerSigner('duck')
      await serve({ directory: { peerOf: async () => ({ peerKey, addresses }) } })
      const [turn] = await queries().seats(peer.peerId, 3)
      expect(turn?.seats[0]?.addresses).to.deep.equal(['/dns/0', '/dns/1', '/dns/2', '/dns/3'])
    })
  })

  describe('forwarding', () => {
    it('hands the envelope over as it is, with the key of the caller', async () => {
      const got: { header: Envelope; caller: Hex }[] = []
      await serve({
        forward: (header, caller) => Promise.resolve(void got.push({ header, caller })),
      })
      const header = await mesh.headerEnvelope('client')
      await queries().forward(peer.peerId, header)
      expect(got).to.deep.equal([{ header, caller: testPeerSigner('client').peerKey }])
    })

    const failing = (code: ErrorCode) => () => Promise.reject(new DuckMeshError(code, 'No.'))

    it('tells the code of a refusal, and NOT_SUPPORTED outside gossip', async () => {
      const header = await mesh.headerEnvelope('client')
      for (const code of ['UNFUNDED', 'BAD_SIGNATURE', 'NO_PEERS'] as const) {
        await serve({ forward: failing(code) })
        await expectCode(code, () => queries().forward(peer.peerId, header))
        await peer.unhandle(LIGHT_PROTOCOL)
      }
      await serve()
      await expectCode('NOT_SUPPORTED', () => queries().forward(peer.peerId, header))
    })

    it('is done when gossip brought the header before', async () => {
      await serve({ forward: failing('ENVELOPE_REPLAYED') })
      await queries().forward(peer.peerId, await mesh.headerEnvelope('client'))
    })

    it('ends with the quota of the caller, whatever connection or stream it uses', async () => {
      let forwarded = 0
      const forward = () => {
        forwarded += 1
        return Promise.resolve()
      }
      await serve({ forward })
      const header = await mesh.headerEnvelope('client')
      for (let i = 0; i < 20; i++) await queries().forward(peer.peerId, header)
      await expectCode('RATE_LIMITED', () => queries().forward(peer.peerId, header))
      mesh.clock.set(mesh.clock.now() + 200)
      await queries().forward(peer.peerId, header)
      expect(forwarded).to.equal(21)
    })

    it('refuses bytes that are no envelope of a header by the judge of gossip', async () => {
      const sealed = envelopeCodec.decode(await mesh.sealBinding('duck'))
      await serve({
        forward: async (header, caller) => {
          await mesh.gossip.takeHeader(header, caller)
        },
      })
      await expectCode('WRONG_TOPIC', () => queries().forward(peer.peerId, sealed))
      await expectCode('MALFORMED_FRAME', () =>
        queries().forward(peer.peerId, { ...sealed, body: Uint8Array.of(1, 2, 3) }),
      )
    })
  })

  describe('client', () => {
    it('uses one stream for many questions, and a new one after the kept one died', async () => {
      await serve({ forward: () => Promise.resolve() })
      const asker = queries()
      const header = await mesh.headerEnvelope('client')
      await Promise.all([1, 2, 3, 4].map((shard) => asker.seats(peer.peerId, shard)))
      await asker.forward(peer.peerId, header)
      expect(streams()).to.equal(1)
      for (const connection of peer.getConnections()) {
        for (const stream of connection.streams) {
          if (stream.protocol === LIGHT_PROTOCOL) stream.abort(new Error('restart'))
        }
      }
      expect(await asker.seats(peer.peerId, 3)).to.have.length(2)
      await asker.stop()
      await until(() => streams() === 0)
    })

    it('tells the operator that the peer proved', async () => {
      await serve()
      expect(await queries().operatorOf(peer.peerId)).to.equal(testSigner('duck').address)
    })

    const lies: [name: string, code: ErrorCode, frame: (id: number) => LightFrame][] = [
      [
        'an answer to another question',
        'UNEXPECTED_FRAME',
        (id) => ({ kind: 'forwardResult', forwardResult: { id, code: '' } }),
      ],
      [
        'an answer that nobody asked for',
        'UNEXPECTED_FRAME',
        (id) => ({ kind: 'seatsResponse', seatsResponse: { id: id + 7, turns: [] } }),
      ],
      [
        'a question',
        'UNEXPECTED_FRAME',
        (id) => ({ kind: 'seatsRequest', seatsRequest: { id, shard: 3 } }),
      ],
    ]
    for (const [name, code, frame] of lies) {
      it(`refuses ${name}: ${code}`, async () => {
        await serveInstead(async (frames) => {
          for await (const asked of frames) {
            if (asked.kind === 'seatsRequest') await frames.send(frame(asked.seatsRequest.id))
          }
        })
        await expectCode(code, () => queries().seats(peer.peerId, 3))
      })
    }

    it('takes a code that does not exist for what it is', async () => {
      await serveInstead(async (frames) => {
        for await (const asked of frames) {
          if (asked.kind !== 'forward') continue
          const forwardResult = { id: asked.forward.id, code: 'ALL_YOUR_DUCK' }
          await frames.send({ kind: 'forwardResult', forwardResult })
        }
      })
      const header = await mesh.headerEnvelope('client')
      await expectCode('MALFORMED_FRAME', () => queries().forward(peer.peerId, header))
    })

    it('gives up with TIMED_OUT, CANCELLED or NO_PEERS', async () => {
      await serveInstead(() => new Promise(() => undefined))
      const asker = queries()
      const late = expectCode('TIMED_OUT', () => asker.seats(peer.peerId, 3))
      await until(() => streams() === 1 && mesh.clock.pending > 0)
      while (mesh.clock.pending > 0) await mesh.clock.advance(2_000)
      await late
      const controller = new AbortController()
      const { signal } = controller
      const gone = expectCode('CANCELLED', () => asker.seats(peer.peerId, 3, { signal }))
      controller.abort()
      await gone
      await peer.unhandle(LIGHT_PROTOCOL)
      await expectCode('NO_PEERS', () => queries().seats(peer.peerId, 3))
    })

    it('refuses to let more than 32 questions wait for one peer', async () => {
      await serveInstead(() => new Promise(() => undefined))
      const asker = queries()
      const waiting = new AbortController()
      const { signal } = waiting
      const asked = Array.from({ length: 33 }, () => asker.seats(peer.peerId, 3, { signal }))
      const codes = asked.map((answer) =>
        answer.then(
          () => 'ok',
          (error: unknown) => (error instanceof DuckMeshError ? error.code : 'other'),
        ),
      )
      expect(await Promise.race(codes)).to.equal('RATE_LIMITED')
      waiting.abort()
      const told = await Promise.all(codes)
      expect(told.filter((code) => code === 'CANCELLED')).to.have.length(32)
    })
  })

  describe('server', () => {
    async function open(): Promise<FrameStream<LightFrame>> {
      const stream = await client.dialProtocol(peer.peerId, LIGHT_PROTOCOL)
      const { peerId: remotePeer } = peer
      const frames = frameStream({ stream, remotePeer, codec: lightFrameCodec, clock: mesh.clock })
      const hello = buildHello(TEST_NETWORK, { client: clientBinding })
      await openSession(frames, hello, session(), { expect: 'peer' })
      return frames
    }

    it('resets a stream that floods, also over a new one, until the quota is back', async () => {
      await serve()
      const flood = async (frames: FrameStream<LightFrame>, count: number): Promise<number> => {
        let answers = 0
        try {
          for (let id = 1; id <= count; id++) {
            await frames.send({ kind: 'seatsRequest', seatsRequest: { id, shard: 3 } })
          }
          for await (const frame of frames) {
            if (frame.kind === 'seatsResponse') answers++
            if (answers === count) break
          }
        } catch {
          return answers
        }
        return answers
      }
      expect(await flood(await open(), 100)).to.be.at.most(60)
      expect(await flood(await open(), 1)).to.equal(0)
      mesh.clock.set(mesh.clock.now() + 1_000)
      expect(await flood(await open(), 1)).to.equal(1)
    })

    it('resets a stream that sends an answer or a second hello', async () => {
      await serve()
      for (const wrong of [
        { kind: 'hello', hello: buildHello(TEST_NETWORK, {}) },
        { kind: 'forwardResult', forwardResult: { id: 1, code: '' } },
      ] satisfies LightFrame[]) {
        const frames = await open()
        await frames.send(wrong)
        await expectCode('STREAM_CLOSED', () => frames[Symbol.asyncIterator]().next())
      }
    })

    it('refuses who shows no binding', async () => {
      await serve()
      const stranger = new PeerQueries({
        ...session(),
        host: client,
        hello: () => buildHello(TEST_NETWORK, {}),
      })
      await expectCode('STREAM_CLOSED', () => stranger.seats(peer.peerId, 3))
    })
  })
})
