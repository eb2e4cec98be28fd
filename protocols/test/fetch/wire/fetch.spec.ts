/** Tests: FetchServer and FetchClient on real hosts. */
import { expect } from 'chai'
import type { FetchFrame, Hello, PeerBinding } from '@duckmesh/proto'
import { fetchFrameCodec, limits } from '@duckmesh/proto'
import type { Connection, Stream } from '@libp2p/interface'
import { pullModel } from '../../../src/fetch/pull-model.ts'
import type { PullEvent } from '../../../src/fetch/interface.ts'
import { FetchClient } from '../../../src/fetch/wire/fetch-client.ts'
import { FetchServer } from '../../../src/fetch/wire/fetch-server.ts'
import type { FetchServerInit } from '../../../src/fetch/wire/fetch-server.ts'
import { BindingBook, FETCH_PROTOCOL, buildHello, frameStream } from '../../../src/mesh/index.ts'
import { acceptSession, openSession } from '../../../src/mesh/index.ts'
import type { FrameStream, SessionComponents } from '../../../src/mesh/index.ts'
import { expectCode } from '../../support/expect-code.ts'
import { stopHosts, testHost, until } from '../../support/hosts.ts'
import type { TestHost } from '../../support/hosts.ts'
import { memoryLogger } from '../../support/memory-logger.ts'
import { MeshFixture } from '../../support/mesh-fixtures.ts'
import { TEST_NETWORK, testCrypto } from '../../support/test-crypto.ts'
import { MemorySink, MemorySource, sha256, testModel } from '../support/models.ts'

const MIB = 1024 * 1024
const UNLIMITED: FetchServerInit = {
  caller: { bytesPerS: 2 ** 40, burst: 2 ** 40 },
  total: { bytesPerS: 2 ** 40, burst: 2 ** 40 },
  requests: { ratePerS: 1e6, burst: 1e6 },
}

describe('fetch', function () {
  this.timeout(30_000)
  const model = testModel('duckling', [9 * MIB + 5, 3_000, MIB])
  const [name = ''] = model.blobs.keys()
  let mesh: MeshFixture
  let client: TestHost

  beforeEach(async () => {
    mesh = new MeshFixture()
    client = await testHost('client')
  })

  afterEach(stopHosts)

  const session = (): SessionComponents => ({
    network: TEST_NETWORK,
    clock: mesh.clock,
    bindings: new BindingBook({ network: TEST_NETWORK, crypto: testCrypto, clock: mesh.clock }),
  })
  const bare = (): Hello => buildHello(TEST_NETWORK, {})

  interface Served {
    host: TestHost
    source: MemorySource
    binding: PeerBinding
  }

  async function serve(label: string, init = UNLIMITED): Promise<Served> {
    const host = await testHost(label)
    mesh.stake.stake(label)
    const binding = await mesh.binding(label)
    const source = new MemorySource(model)
    const hello = (): Hello => buildHello(TEST_NETWORK, { peer: binding })
    const parts = { ...session(), logger: memoryLogger(), hello, source, sha256 }
    await host.handle(FETCH_PROTOCOL, new FetchServer(parts, init).handle, {
      maxInboundStreams: 16,
    })
    await client.dial(host.getMultiaddrs())
    return { host, source, binding }
  }

  async function pull(
    holders: readonly Served[],
    sink = new MemorySink(),
  ): Promise<{ sink: MemorySink; events: PullEvent[] }> {
    const port = new FetchClient({ ...session(), host: client, hello: bare })
    const events: PullEvent[] = []
    async function* search() {
      for (const { host } of holders) yield await Promise.resolve(host.peerId)
    }
    const parts = { clock: mesh.clock, logger: memoryLogger(), port, search, sha256, sink }
    try {
      await pullModel(parts, { modelId: model.modelId, onEvent: (event) => events.push(event) })
    } finally {
      await port.stop()
    }
    return { sink, events }
  }

  /** A stream after the hellos. */
  async function open(host: TestHost): Promise<FrameStream<FetchFrame>> {
    const stream = await client.dialProtocol(host.peerId, FETCH_PROTOCOL)
    const codec = fetchFrameCodec
    const frames = frameStream({ stream, remotePeer: host.peerId, codec, clock: mesh.clock })
    await openSession(frames, bare(), session(), { expect: 'peer' })
    return frames
  }

  async function asked(frames: FrameStream<FetchFrame>, frame: FetchFrame): Promise<FetchFrame> {
    await frames.send(frame)
    const next = await frames[Symbol.asyncIterator]().next()
    if (next.done === true) throw new TypeError('no answer')
    return next.value
  }

  const block = (id: number, offset = 0, length = 1_000, sha = name): FetchFrame => ({
    kind: 'blockRequest',
    blockRequest: { id, sha256: `0x${sha}`, offset, length },
  })

  it('moves a model from three peers to a stranger', async () => {
    const holders = await Promise.all(['duck', 'goose', 'swan'].map((label) => serve(label)))
    const { sink } = await pull(holders)
    expect(sink.has(model)).to.equal(true)
    for (const { source } of holders) expect(source.reads).to.be.greaterThan(0)
  })

  it('completes beside a holder with wrong bytes and one that goes away', async () => {
    const duck = await serve('duck')
    const fox = await serve('fox')
    const goose = await serve('goose')
    // The list is computed first, and true: only what is sent later is spoiled.
    let spoiled = 0
    fox.source.spoil = (bytes) => {
      if (bytes.length > 256 * 1024) return bytes
      spoiled++
      return bytes.map((byte) => byte ^ 1)
    }
    let reads = 0
    goose.source.spoil = (bytes) => {
      if (++reads === 12)
        for (const one of goose.host.getConnections()) one.abort(new Error('gone'))
      return bytes
    }
    const { events, sink } = await pull([fox, goose, duck])
    expect(sink.has(model)).to.equal(true)
    expect(spoiled).to.be.greaterThan(0)
    const blamed = events.filter(({ type }) => type === 'blamed')
    expect(blamed.map((event) => 'peer' in event && event.peer)).to.deep.equal([
      fox.host.peerId.toString(),
    ])
  })

  const refusals: [
    what: string,
    frame: (modelId: typeof model.modelId) => FetchFrame,
    code: string,
  ][] = [
    ['an unknown blob', () => block(1, 0, 10, 'ab'.repeat(32)), 'NO_HOLDERS'],
    ['bytes behind the end', () => block(1, 9 * MIB, 6), 'FIELD_OUT_OF_RANGE'],
    ['an offset near 2^53', () => block(1, Number.MAX_SAFE_INTEGER, 262_144), 'FIELD_OUT_OF_RANGE'],
    [
      'pieces of an unknown blob',
      () => ({
        kind: 'piecesRequest',
        piecesRequest: { id: 1, sha256: `0x${'ab'.repeat(32)}`, from: 0 },
      }),
      'NO_HOLDERS',
    ],
    [
      'pieces behind the end',
      () => ({ kind: 'piecesRequest', piecesRequest: { id: 1, sha256: `0x${name}`, from: 10 } }),
      'FIELD_OUT_OF_RANGE',
    ],
    [
      'an unknown model',
      () => ({
        kind: 'manifestRequest',
        manifestRequest: { id: 1, modelId: `0x${'00'.repeat(32)}`, offset: 0 },
      }),
      'NO_HOLDERS',
    ],
    [
      'a manifest behind its end',
      (modelId) => ({
        kind: 'manifestRequest',
        manifestRequest: { id: 1, modelId, offset: limits.MAX_MANIFEST_BYTES - 1 },
      }),
      'FIELD_OUT_OF_RANGE',
    ],
  ]
  for (const [what, frame, code] of refusals) {
    it(`refuses ${what}: ${code}`, async () => {
      const { host } = await serve('duck')
      const answer = await asked(await open(host), frame(model.modelId))
      expect(answer).to.deep.equal({ kind: 'refusal', refusal: { id: 1, code } })
    })
  }

  it('refuses what its store cannot read, and goes on', async () => {
    const { host, source } = await serve('duck')
    const frames = await open(host)
    source.spoil = () => {
      throw new Error('the disk is gone')
    }
    expect(await asked(frames, block(1))).to.deep.include({ refusal: { id: 1, code: 'INTERNAL' } })
    source.spoil = (bytes) => bytes
    expect((await asked(frames, block(2))).kind).to.equal('block')
  })

  it('paces the bytes of a caller, and refuses one that would wait too long', async () => {
    const rate = { bytesPerS: 1_000, burst: 3_000 }
    const { host } = await serve('duck', { ...UNLIMITED, caller: rate })
    const frames = await open(host)
    for (const id of [1, 2, 3]) expect((await asked(frames, block(id))).kind).to.equal('block')
    // The fourth waits for a second of the clock, which stands still.
    const fourth = asked(frames, block(4))
    await until(() => mesh.clock.pending > 0)
    const state = { isAnswered: false }
    void fourth.then(() => (state.isAnswered = true))
    await mesh.clock.advance(500)
    expect(state.isAnswered).to.equal(false)
    await mesh.clock.advance(600)
    expect((await fourth).kind).to.equal('block')
    const refused = await asked(frames, block(5, 0, 60_000))
    expect(refused).to.deep.include({ refusal: { id: 5, code: 'RATE_LIMITED' } })
  })

  it('resets a stream that floods it with requests', async () => {
    const { host } = await serve('duck', { ...UNLIMITED, requests: { ratePerS: 5, burst: 20 } })
    const frames = await open(host)
    let answers = 0
    try {
      for (let id = 1; id <= 100; id++) await frames.send(block(id, 0, 1))
      for await (const frame of frames) if (frame.kind === 'block') answers++
    } catch {
      // Reset.
    }
    expect(answers).to.be.at.most(20)
    const again = await open(host)
    await again.send(block(1))
    await expectCode('STREAM_CLOSED', () => again[Symbol.asyncIterator]().next())
  })

  it('serves two streams of a caller at a time', async () => {
    const { host } = await serve('duck')
    const first = await open(host)
    await open(host)
    await expectCode('STREAM_CLOSED', () => open(host))
    await first.close()
    await until(() => streams(host) < 2)
    expect((await asked(await open(host), block(1))).kind).to.equal('block')
  })

  it('resets a stream that sends anything but requests, or nothing for a minute', async () => {
    const { host } = await serve('duck')
    const frames = await open(host)
    await frames.send({ kind: 'block', block: { id: 1, bytes: Uint8Array.of(1) } })
    await expectCode('STREAM_CLOSED', () => frames[Symbol.asyncIterator]().next())
    const silent = await open(host)
    await until(() => mesh.clock.pending > 0)
    await mesh.clock.advance(60_000)
    await expectCode('STREAM_CLOSED', () => silent[Symbol.asyncIterator]().next())
  })

  it('resets a stream whose caller asks and does not read', async () => {
    const { host, source } = await serve('duck')
    const frames = await open(host)
    // Far more than the buffers on the way hold.
    for (let id = 1; id <= 60; id++) await frames.send(block(id, 0, 262_144))
    await until(() => source.reads >= 4)
    while (streams(host) > 0) await mesh.clock.advance(10_000)
    expect(source.reads).to.be.below(60)
  })

  const streams = (host: TestHost): number =>
    host.getConnections().flatMap((connection) => {
      return connection.streams.filter((stream) => stream.protocol === FETCH_PROTOCOL)
    }).length

  const talks: [
    what: string,
    talk: (frames: FrameStream<FetchFrame>, stream: Stream) => unknown,
  ][] = [
    ['frames above the cap', (_, stream) => stream.send(Uint8Array.of(0xff, 0xff, 0xff, 0x7f))],
    ['bytes that are no frame', (_, stream) => stream.send(Uint8Array.of(2, 0xff, 0xff))],
    [
      'answers without end that nobody asked for',
      async (frames) => {
        for (let id = 1_000; ; id++) {
          await frames.send({ kind: 'block', block: { id, bytes: new Uint8Array(262_144) } })
        }
      },
    ],
    ['nothing', () => new Promise(() => undefined)],
  ]
  for (const [what, talk] of talks) {
    it(`completes beside a holder that sends ${what}`, async () => {
      const duck = await serve('duck')
      const fox = await serve('fox')
      await fox.host.unhandle(FETCH_PROTOCOL)
      let met = 0
      await fox.host.handle(FETCH_PROTOCOL, async (stream: Stream, { remotePeer }: Connection) => {
        met++
        const codec = fetchFrameCodec
        const frames = frameStream({ stream, remotePeer, codec, clock: mesh.clock })
        const hello = (): Hello => buildHello(TEST_NETWORK, { peer: fox.binding })
        await acceptSession(frames, hello, session(), { expect: 'none' })
        try {
          await frames[Symbol.asyncIterator]().next()
          await talk(frames, stream)
        } catch {
          // The client broke off.
        }
      })
      // Gathering lists of pieces takes a moment of the clock when somebody does not answer.
      const moving = setInterval(() => void mesh.clock.advance(20), 5)
      const { sink } = await pull([fox, duck]).finally(() => {
        clearInterval(moving)
      })
      expect(sink.has(model)).to.equal(true)
      expect(met).to.be.greaterThan(0)
    })
  }
})
