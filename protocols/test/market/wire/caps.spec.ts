import { capsFrameCodec, envelopeBodyCodec, envelopeCodec } from '@duckmesh/proto'
import { expect } from 'chai'
import { CapsClient } from '../../../src/market/wire/caps-client.ts'
import { CapsServer } from '../../../src/market/wire/caps-server.ts'
import { offerHash } from '../../../src/market/offer-hash.ts'
import { BindingBook } from '../../../src/mesh/binding-book.ts'
import { buildHello } from '../../../src/mesh/hello.ts'
import { CAPS_PROTOCOL } from '../../../src/mesh/protocol-ids.ts'
import { frameStream } from '../../../src/mesh/wire/frame-stream.ts'
import { acceptSession, openSession } from '../../../src/mesh/wire/session.ts'
import { expectCode } from '../../support/expect-code.ts'
import { stopHosts, testHost, until } from '../../support/hosts.ts'
import { memoryLogger } from '../../support/memory-logger.ts'
import { MeshFixture, impostor } from '../../support/mesh-fixtures.ts'
import { TEST_NETWORK, testCrypto, testPeerSigner } from '../../support/test-crypto.ts'
import type { CapsClientInit } from '../../../src/market/wire/caps-client.ts'
import type { CapsServerComponents } from '../../../src/market/wire/caps-server.ts'
import type { SessionComponents } from '../../../src/mesh/wire/session.ts'
import type { FrameStream } from '../../../src/mesh/interface.ts'
import type { TestHost } from '../../support/hosts.ts'
import type { CapsFrame, Envelope, Hello, PeerBinding } from '@duckmesh/proto'
import type { Connection, Stream } from '@libp2p/interface'

describe('caps', () => {
  let mesh: MeshFixture
  let provider: TestHost
  let client: TestHost
  let record: Envelope | undefined
  let binding: PeerBinding

  beforeEach(async () => {
    mesh = new MeshFixture()
    mesh.stake.stake('duck')
    binding = await mesh.binding('duck')
    record = envelopeCodec.decode(await mesh.sealOffer('duck'))
    ;[provider, client] = await Promise.all([testHost('duck'), testHost('client')])
    await client.dial(provider.getMultiaddrs())
  })

  afterEach(stopHosts)

  const session = (): SessionComponents => ({
    network: TEST_NETWORK,
    clock: mesh.clock,
    bindings: new BindingBook({ network: TEST_NETWORK, crypto: testCrypto, clock: mesh.clock }),
  })
  const bare = (): Hello => buildHello(TEST_NETWORK, {})

  async function serve(changes: Partial<CapsServerComponents> = {}): Promise<void> {
    const server = new CapsServer({
      ...session(),
      logger: memoryLogger(),
      hello: () => buildHello(TEST_NETWORK, { peer: binding }),
      load: () => ({ inFlight: 1, slots: 4, stepMs: 90 }),
      record: () => record,
      ...changes,
    })
    await provider.handle(CAPS_PROTOCOL, server.handle)
  }

  /** A server that speaks `talk` instead of the protocol, after a good hello. */
  async function serveInstead(
    talk: (frames: FrameStream<CapsFrame>, stream: Stream) => Promise<void>,
  ): Promise<void> {
    await provider.handle(CAPS_PROTOCOL, async (stream: Stream, { remotePeer }: Connection) => {
      const frames = frameStream({ stream, remotePeer, codec: capsFrameCodec, clock: mesh.clock })
      const answer = () => buildHello(TEST_NETWORK, { peer: binding })
      await acceptSession(frames, answer, session(), { expect: 'none' })
      await talk(frames, stream)
    })
  }

  function asker(init: CapsClientInit = {}): CapsClient {
    const components = { ...session(), crypto: testCrypto, stake: mesh.stake }
    return new CapsClient({ ...components, host: client, hello: bare }, init)
  }

  const streams = (): number =>
    client.getConnections().flatMap((connection) => {
      return connection.streams.filter((stream) => stream.protocol === CAPS_PROTOCOL)
    }).length

  it('answers load, and the verified offer when asked', async () => {
    await serve()
    const caps = asker()
    const load = { inFlight: 1, slots: 4, stepMs: 90 }
    expect(await caps.request(provider.peerId)).to.deep.equal({ load })
    const answer = await caps.request(provider.peerId, { withRecord: true })
    expect(answer.load).to.deep.equal(load)
    expect(answer.record?.offer).to.deep.equal(mesh.offer('duck'))
    expect(answer.record?.peerKey).to.equal(testPeerSigner('duck').peerKey)
    expect(answer.record?.envelope).to.deep.equal(record)
    expect(answer.record?.offerHash).to.equal(offerHash(payloadOf(answer.record?.envelope)))
    await caps.stop()
  })

  it('uses one stream for many requests, also at once', async () => {
    await serve()
    const caps = asker()
    await Promise.all(Array.from({ length: 8 }, () => caps.request(provider.peerId)))
    await caps.request(provider.peerId)
    expect(streams()).to.equal(1)
    await caps.stop()
    await until(() => streams() === 0)
  })

  it('opens a new stream when the kept one died', async () => {
    await serve()
    const caps = asker()
    await caps.request(provider.peerId)
    for (const connection of provider.getConnections()) {
      for (const stream of connection.streams) {
        if (stream.protocol === CAPS_PROTOCOL) stream.abort(new Error('restart'))
      }
    }
    expect((await caps.request(provider.peerId)).load.slots).to.equal(4)
  })

  it('closes the least recently used stream when there are too many', async () => {
    await serve()
    const other = await testHost('goose')
    await client.dial(other.getMultiaddrs())
    const goose = await mesh.binding('goose')
    const server = new CapsServer({
      ...session(),
      logger: memoryLogger(),
      hello: () => buildHello(TEST_NETWORK, { peer: goose }),
      load: () => ({ inFlight: 0, slots: 1, stepMs: 0 }),
      record: () => undefined,
    })
    await other.handle(CAPS_PROTOCOL, server.handle)
    const caps = asker({ maxSessions: 1 })
    await caps.request(provider.peerId)
    expect(await caps.request(other.peerId, { withRecord: true })).to.deep.equal({
      load: { inFlight: 0, slots: 1, stepMs: 0 },
    })
    await until(() => streams() === 1)
    await caps.stop()
  })

  const badRecords: [
    name: string,
    code: Parameters<typeof expectCode>[0],
    make: () => Promise<Uint8Array>,
  ][] = [
    ['of another peer', 'BINDING_MISMATCH', () => mesh.sealOffer('fox', mesh.offer('duck'))],
    ['for another provider', 'INVALID_PROVIDER', () => mesh.sealOffer('duck', mesh.offer('fox'))],
    ['that is a binding', 'WRONG_TOPIC', () => mesh.sealBinding('duck')],
    [
      'that expired',
      'ENVELOPE_STALE',
      () => mesh.sealOffer('duck', undefined, { issuedAtMs: mesh.clock.now() - 60_000 }),
    ],
    [
      'signed by another key',
      'BAD_SIGNATURE',
      () => {
        const signer = impostor('duck', 'fox')
        return mesh.sealOffer('duck', undefined, { signer })
      },
    ],
    [
      'of another network',
      'WRONG_NETWORK',
      () => {
        const network = { ...TEST_NETWORK, name: '1-5fbdb231' }
        return mesh.sealOffer('duck', undefined, { network })
      },
    ],
  ]
  for (const [name, code, make] of badRecords) {
    it(`refuses a record ${name}: ${code}`, async () => {
      record = envelopeCodec.decode(await make())
      await serve()
      await expectCode(code, () => asker().request(provider.peerId, { withRecord: true }))
    })
  }

  it('refuses a record while the chain view is stale', async () => {
    await serve()
    mesh.stake.unknown = true
    await expectCode('CHAIN_UNREACHABLE', () =>
      asker().request(provider.peerId, { withRecord: true }),
    )
  })

  it('refuses a provider without a binding or of another network', async () => {
    await serve({ hello: bare })
    await expectCode('BINDING_UNKNOWN', () => asker().request(provider.peerId))
    await provider.unhandle(CAPS_PROTOCOL)
    await serve({ hello: () => ({ ...bare(), network: '1-5fbdb231' }) })
    await expectCode('WRONG_NETWORK', () => asker().request(provider.peerId))
  })

  it('gives up with TIMED_OUT after its deadline and works again afterwards', async () => {
    let silent = true
    await serveInstead(async (frames) => {
      for await (const frame of frames) {
        if (frame.kind !== 'request' || silent) continue
        const { id } = frame.request
        await frames.send({ kind: 'response', response: { id, inFlight: 0, slots: 2, stepMs: 1 } })
      }
    })
    const caps = asker({ timeoutMs: 700 })
    const failed = expectCode('TIMED_OUT', () => caps.request(provider.peerId))
    await until(() => streams() === 1 && mesh.clock.pending > 0)
    const stillWaiting = () => mesh.clock.pending > 0
    while (stillWaiting()) await mesh.clock.advance(700)
    await failed
    silent = false
    expect((await caps.request(provider.peerId)).load.slots).to.equal(2)
  })

  it('gives up with CANCELLED when its signal aborts', async () => {
    await serveInstead(() => new Promise(() => undefined))
    const controller = new AbortController()
    const failed = expectCode('CANCELLED', () =>
      asker().request(provider.peerId, { signal: controller.signal }),
    )
    controller.abort()
    await failed
  })

  it('says NO_PEERS for a peer that cannot be dialled or does not speak caps', async () => {
    const away = await testHost('away')
    const { peerId } = away
    await away.stop()
    await expectCode('NO_PEERS', () => asker().request(peerId))
    await expectCode('NO_PEERS', () => asker().request(provider.peerId))
  })

  const lies: [
    name: string,
    code: Parameters<typeof expectCode>[0],
    talk: (frames: FrameStream<CapsFrame>, stream: Stream) => Promise<void>,
  ][] = [
    [
      'an answer that nobody asked for',
      'UNEXPECTED_FRAME',
      (frames) =>
        frames.send({ kind: 'response', response: { id: 9, inFlight: 0, slots: 0, stepMs: 0 } }),
    ],
    [
      'a second hello',
      'UNEXPECTED_FRAME',
      (frames) => frames.send({ kind: 'hello', hello: bare() }),
    ],
    [
      'bytes that are no frame',
      'MALFORMED_FRAME',
      (_frames, stream) => Promise.resolve(void stream.send(Uint8Array.of(2, 0xff, 0xff))),
    ],
    [
      'a frame above the cap',
      'FRAME_TOO_LARGE',
      (_frames, stream) => Promise.resolve(void stream.send(Uint8Array.of(0x81, 0x80, 0x02))),
    ],
  ]
  for (const [name, code, talk] of lies) {
    it(`the client breaks off on ${name}: ${code}`, async () => {
      await serveInstead(async (frames, stream) => {
        await frames[Symbol.asyncIterator]().next()
        await talk(frames, stream)
      })
      await expectCode(code, () => asker().request(provider.peerId))
      await until(() => streams() === 0)
    })
  }

  describe('server', () => {
    async function open(): Promise<FrameStream<CapsFrame>> {
      const stream = await client.dialProtocol(provider.peerId, CAPS_PROTOCOL)
      const remotePeer = provider.peerId
      const frames = frameStream({ stream, remotePeer, codec: capsFrameCodec, clock: mesh.clock })
      await openSession(frames, bare(), session(), { expect: 'peer' })
      return frames
    }
    const request = (id: number): CapsFrame => ({
      kind: 'request',
      request: { id, withRecord: false },
    })

    it('resets a stream that floods, also over a new one, until the quota is back', async () => {
      await serve()
      const frames = await open()
      const flood = async () => {
        let answers = 0
        try {
          for (let id = 1; id <= 40; id++) {
            await frames.send(request(id))
          }
          for await (const frame of frames) if (frame.kind === 'response') answers++
        } catch {
          return answers
        }
        return answers
      }
      expect(await flood()).to.be.at.most(20)
      const again = await open()
      await again.send(request(1))
      await expectCode('STREAM_CLOSED', () => again[Symbol.asyncIterator]().next())
      mesh.clock.set(mesh.clock.now() + 1_000)
      const later = await open()
      await later.send(request(1))
      expect((await later[Symbol.asyncIterator]().next()).done).to.equal(false)
    })

    it('resets a stream that sends anything but requests', async () => {
      await serve()
      for (const wrong of [
        { kind: 'hello', hello: bare() },
        { kind: 'response', response: { id: 1, inFlight: 0, slots: 0, stepMs: 0 } },
      ] satisfies CapsFrame[]) {
        const frames = await open()
        await frames.send(wrong)
        await expectCode('STREAM_CLOSED', () => frames[Symbol.asyncIterator]().next())
      }
    })

    it('resets a stream of malformed bytes and keeps serving the connection', async () => {
      await serve()
      const stream = await client.dialProtocol(provider.peerId, CAPS_PROTOCOL)
      stream.send(Uint8Array.of(1, 0xff))
      await until(() => stream.status === 'reset')
      expect((await asker().request(provider.peerId)).load.slots).to.equal(4)
      expect(client.getConnections()).to.have.length(1)
    })

    it('refuses a hello of another network', async () => {
      await serve()
      const stream = await client.dialProtocol(provider.peerId, CAPS_PROTOCOL)
      const remotePeer = provider.peerId
      const frames = frameStream({ stream, remotePeer, codec: capsFrameCodec, clock: mesh.clock })
      // The dialler sees by the listener's hello that it is of another network.
      const network = { ...TEST_NETWORK, name: '1-5fbdb231' }
      const rules = { ...session(), network }
      await expectCode('WRONG_NETWORK', () =>
        openSession(frames, buildHello(network, {}), rules, { expect: 'peer' }),
      )
    })
  })
})

function payloadOf(envelope: Envelope | undefined): Uint8Array {
  return envelopeBodyCodec.decode(envelope?.body ?? expect.fail('no record')).payload
}
