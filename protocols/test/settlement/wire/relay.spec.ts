/** Tests: the relay protocol between hosts. */
import { relayFrameCodec } from '@duckmesh/proto'
import type { Hex, RelayFrame, RelayRequest, SignedVoucher } from '@duckmesh/proto'
import type { Connection, Stream } from '@libp2p/interface'
import { expect } from 'chai'
import fc from 'fast-check'
import * as lp from 'it-length-prefixed'
import type { ErrorCode } from '../../../src/error-codes.ts'
import { DuckMeshError } from '../../../src/errors.ts'
import { BindingBook } from '../../../src/mesh/binding-book.ts'
import { buildHello } from '../../../src/mesh/hello.ts'
import type { FrameStream } from '../../../src/mesh/interface.ts'
import { RELAY_PROTOCOL } from '../../../src/mesh/protocol-ids.ts'
import { frameStream } from '../../../src/mesh/wire/frame-stream.ts'
import { acceptSession, openSession } from '../../../src/mesh/wire/session.ts'
import { RelayBatcher, RelayClient, RelayServer } from '../../../src/settlement/index.ts'
import type { RelayTarget } from '../../../src/settlement/index.ts'
import { recoverStruct } from '../../../src/signed-struct.ts'
import { MarketFixture } from '../../mesh/support/market-fixture.ts'
import { expectCode } from '../../support/expect-code.ts'
import { stopHosts, testHost, until } from '../../support/hosts.ts'
import type { TestHost } from '../../support/hosts.ts'
import { memoryLogger } from '../../support/memory-logger.ts'
import { ownerOf } from '../../support/mesh-fixtures.ts'
import { TEST_NETWORK, testCrypto, testRng, testSigner } from '../../support/test-crypto.ts'
import { RelayChain, packed, voucherOf } from '../relay-model.ts'

const GATHER_MS = 500

describe('relay', () => {
  let mesh: MarketFixture
  let relay: TestHost
  let duck: TestHost
  let goose: TestHost
  let chain: RelayChain
  let batcher: RelayBatcher
  /** Groups that the relay gathered. */
  let added: number

  beforeEach(async () => {
    mesh = new MarketFixture()
    added = 0
    for (const label of ['relay', 'duck', 'goose']) mesh.stake.stake(label)
    chain = new RelayChain(testSigner('relay').address)
    for (const label of ['duck', 'goose'])
      for (const payer of ['anne', 'bert'])
        chain.allot(testSigner(payer).address, ownerOf(label), 1_000n)
    ;[relay, duck, goose] = await Promise.all([
      testHost('relay'),
      testHost('duck'),
      testHost('goose'),
    ])
    await Promise.all([duck, goose].map((host) => host.dial(relay.getMultiaddrs())))
  })

  afterEach(stopHosts)

  const session = () => ({
    network: TEST_NETWORK,
    clock: mesh.clock,
    bindings: new BindingBook({ network: TEST_NETWORK, crypto: testCrypto, clock: mesh.clock }),
  })

  async function serve(feeBps = 0): Promise<void> {
    const binding = await mesh.binding('relay')
    const logger = memoryLogger()
    const components = { ...session(), crypto: testCrypto, logger, port: chain, stake: mesh.stake }
    batcher = new RelayBatcher(components, { gatherMs: GATHER_MS })
    const hello = () => buildHello(TEST_NETWORK, { peer: binding })
    const counted: Pick<RelayBatcher, 'add'> = {
      add: (group) => {
        added += 1
        return batcher.add(group)
      },
    }
    const server = new RelayServer({ ...components, batcher: counted, feeBps, hello })
    await relay.handle(RELAY_PROTOCOL, server.handle)
  }

  /** A relay that answers what a test says. */
  async function serveInstead(
    answer: (
      request: RelayRequest,
    ) => Omit<Extract<RelayFrame, { kind: 'result' }>['result'], 'id'>,
  ): Promise<RelayRequest[]> {
    const binding = await mesh.binding('relay')
    const asked: RelayRequest[] = []
    await relay.handle(RELAY_PROTOCOL, async (stream: Stream, { remotePeer }: Connection) => {
      const frames = frameStream({ stream, remotePeer, codec: relayFrameCodec, clock: mesh.clock })
      const hello = () => buildHello(TEST_NETWORK, { peer: binding })
      await acceptSession<RelayFrame>(frames, hello, session(), { expect: 'peer' })
      for await (const frame of frames) {
        if (frame.kind !== 'request') continue
        asked.push(frame.request)
        const result = { id: frame.request.id, ...answer(frame.request) }
        await frames.send({ kind: 'result', result })
      }
    })
    return asked
  }

  async function clientOf(
    label: string,
    host: TestHost,
    { feeBps = 0, ...target }: Partial<RelayTarget> & { feeBps?: number } = {},
  ): Promise<RelayClient> {
    const binding = await mesh.binding(label)
    const components = {
      ...session(),
      host,
      hello: () => buildHello(TEST_NETWORK, { peer: binding }),
      rng: testRng(label),
      signer: testSigner(label),
      stake: mesh.stake,
      target: { owner: ownerOf('relay'), find: () => relay.peerId, ...target },
    }
    return new RelayClient(components, { feeBps })
  }

  const vouchersOf = (label: string, cumulative: bigint): Promise<SignedVoucher[]> =>
    Promise.all(['anne', 'bert'].map((payer) => voucherOf(payer, ownerOf(label), cumulative)))

  /** Ends the gathering time when this many groups came in all. */
  async function gathered(groups: number): Promise<void> {
    await until(() => added === groups)
    await mesh.clock.advance(GATHER_MS)
  }

  it('redeems for two providers in one transaction, which both are told', async () => {
    await serve()
    const [one, two] = [await clientOf('duck', duck), await clientOf('goose', goose)]
    const first = one.relay(ownerOf('duck'), await vouchersOf('duck', 10n))
    const second = two.relay(ownerOf('goose'), await vouchersOf('goose', 20n))
    await gathered(2)
    const [hash, ...others] = await Promise.all([first, second])
    expect(others).to.deep.equal([hash])
    expect(chain.batches).to.have.length(1)
    expect(chain.batches[0]?.map(({ provider }) => provider)).to.have.members([
      ownerOf('duck'),
      ownerOf('goose'),
    ])
    expect(chain.earned.get(ownerOf('duck'))).to.equal(20n)
    expect(chain.earned.get(ownerOf('goose'))).to.equal(40n)
    await Promise.all([one.stop(), two.stop(), batcher.stop()])
  })

  it('tells the code of a refusal: a foreign provider, spoilt vouchers, nothing to redeem', async () => {
    await serve()
    const client = await clientOf('duck', duck)
    const [anne] = await vouchersOf('duck', 10n)
    const spoilt = [{ ...anne, signature: `0x${'11'.repeat(65)}` }] as SignedVoucher[]
    const refused = async (
      code: ErrorCode,
      owner: Hex,
      vouchers: SignedVoucher[],
    ): Promise<void> => {
      await expectCode(code, () => client.relay(owner, vouchers))
    }
    await refused('INVALID_PROVIDER', ownerOf('goose'), await vouchersOf('goose', 10n))
    await refused('VOUCHER_INVALID', ownerOf('duck'), spoilt)
    await refused('NOTHING_TO_REDEEM', ownerOf('duck'), await vouchersOf('duck', 0n))
    expect(chain.batches).to.deep.equal([])
  })

  it('tells the code of a transaction that failed', async () => {
    await serve()
    chain.redeemMany = () => Promise.reject(new DuckMeshError('CHAIN_REVERTED', 'No.'))
    const client = await clientOf('duck', duck)
    const vouchers = await vouchersOf('duck', 10n)
    const failed = expectCode('CHAIN_REVERTED', () => client.relay(ownerOf('duck'), vouchers))
    await gathered(1)
    await failed
  })

  describe('fees', () => {
    it('a provider signs the fee it agreed to, for this relay, once, and nothing else', async () => {
      const asked = await serveInstead(() => ({ code: 'PERMIT_INVALID', skipped: [] }))
      const client = await clientOf('duck', duck, { feeBps: 40 })
      const vouchers = await vouchersOf('duck', 10n)
      for (let n = 0; n < 2; n += 1)
        await expectCode('PERMIT_INVALID', () => client.relay(ownerOf('duck'), vouchers))
      const permits = asked.flatMap(({ permit }) => permit ?? [])
      expect(permits.map(({ feeBps }) => feeBps)).to.deep.equal([40, 40])
      expect(new Set(permits.map(({ nonce }) => nonce)).size).to.equal(2)
      for (const { signature, ...terms } of permits) {
        const relayer = testSigner('relay').address
        const message = { provider: ownerOf('duck'), relayer, ...terms }
        const signer = recoverStruct(testCrypto, TEST_NETWORK, 'RedeemPermit', message, signature)
        expect(signer).to.equal(testSigner('duck').address)
        expect(terms.deadline - mesh.clock.now() / 1_000).to.be.within(59, 61)
      }
    })

    it('a provider that agreed to none signs nothing, and a relay that wants one refuses', async () => {
      await serve(50)
      const client = await clientOf('duck', duck)
      const vouchers = await vouchersOf('duck', 10n)
      await expectCode('PERMIT_INVALID', () => client.relay(ownerOf('duck'), vouchers))
      const asked = await serveOther()
      await expectCode('RATE_LIMITED', () => client.relay(ownerOf('duck'), vouchers))
      expect(asked[0]).to.not.have.property('permit')
    })

    it('a relay takes the fee that was signed, and a second time only by a new permit', async () => {
      await serve(50)
      const client = await clientOf('duck', duck, { feeBps: 50 })
      for (let round = 1; round <= 2; round += 1) {
        const done = client.relay(ownerOf('duck'), await vouchersOf('duck', 10n * BigInt(round)))
        await gathered(round)
        await done
      }
      const fees = chain.batches.flat().map(({ fee }) => fee)
      expect(fees.map((fee) => fee?.bps)).to.deep.equal([50, 50])
      expect(new Set(fees.map((fee) => fee?.nonce)).size).to.equal(2)
    })

    it('a permit that was used between check and block is told as such', async () => {
      await serve(50)
      chain.isNonceUsed = () => Promise.resolve(false)
      chain.nonces.has = () => true
      const client = await clientOf('duck', duck, { feeBps: 50 })
      const vouchers = await vouchersOf('duck', 10n)
      const refused = expectCode('PERMIT_INVALID', () => client.relay(ownerOf('duck'), vouchers))
      await gathered(1)
      await refused
    })

    /** The relay of before, replaced by one that only listens. */
    async function serveOther(): Promise<RelayRequest[]> {
      await relay.unhandle(RELAY_PROTOCOL)
      for (const connection of relay.getConnections())
        for (const stream of connection.streams)
          if (stream.protocol === RELAY_PROTOCOL) stream.abort(new Error('restart'))
      return serveInstead(() => ({ code: 'RATE_LIMITED', skipped: [] }))
    }
  })

  describe('a provider', () => {
    it('hands vouchers to nobody but the relay that it chose', async () => {
      const asked = await serveInstead(() => ({ code: '', skipped: [] }))
      const vouchers = await vouchersOf('duck', 10n)
      const wrong = await clientOf('duck', duck, { owner: ownerOf('goose') })
      await expectCode('INVALID_PROVIDER', () => wrong.relay(ownerOf('duck'), vouchers))
      mesh.stake.owners.delete(testSigner('relay').address)
      const unstaked = await clientOf('duck', duck, { owner: undefined })
      await expectCode('INVALID_PROVIDER', () => unstaked.relay(ownerOf('duck'), vouchers))
      mesh.stake.unknown = true
      await expectCode('CHAIN_UNREACHABLE', () => unstaked.relay(ownerOf('duck'), vouchers))
      const lost = await clientOf('duck', duck, { find: () => undefined })
      await expectCode('NO_PEERS', () => lost.relay(ownerOf('duck'), vouchers))
      expect(asked).to.deep.equal([])
    })

    it('takes any staked peer when it chose a peer and no owner', async () => {
      await serve()
      const client = await clientOf('duck', duck, { owner: undefined })
      const done = client.relay(ownerOf('duck'), await vouchersOf('duck', 10n))
      await gathered(1)
      expect(await done).to.match(/^0x[0-9a-f]{64}$/)
    })

    it('takes an unknown code, and success without a transaction, for a malformed answer', async () => {
      const vouchers = await vouchersOf('duck', 10n)
      for (const code of ['ALL_YOUR_DUCK', '']) {
        await serveInstead(() => ({ code, skipped: [] }))
        const client = await clientOf('duck', duck)
        await expectCode('MALFORMED_FRAME', () => client.relay(ownerOf('duck'), vouchers))
        await client.stop()
        await relay.unhandle(RELAY_PROTOCOL)
      }
    })

    it('gives up after 30 s without an answer', async () => {
      await serve()
      chain.redeemMany = () => new Promise(() => undefined)
      const client = await clientOf('duck', duck)
      const vouchers = await vouchersOf('duck', 10n)
      const late = expectCode('TIMED_OUT', () => client.relay(ownerOf('duck'), vouchers))
      await gathered(1)
      await mesh.clock.advance(30_000)
      await late
    })
  })

  describe('server', () => {
    async function openBoth(): Promise<{ frames: FrameStream<RelayFrame>; stream: Stream }> {
      const stream = await duck.dialProtocol(relay.peerId, RELAY_PROTOCOL)
      const { peerId: remotePeer } = relay
      const frames = frameStream({ stream, remotePeer, codec: relayFrameCodec, clock: mesh.clock })
      const hello = buildHello(TEST_NETWORK, { peer: await mesh.binding('duck') })
      await openSession<RelayFrame>(frames, hello, session(), { expect: 'peer' })
      return { frames, stream }
    }

    const open = async (): Promise<FrameStream<RelayFrame>> => (await openBoth()).frames

    /** Codes of the answers until the stream ends. */
    async function ask(frames: FrameStream<RelayFrame>, count: number): Promise<string[]> {
      const codes: string[] = []
      const request = { provider: ownerOf('goose'), vouchers: [] }
      try {
        for (let id = 1; id <= count; id += 1) {
          await frames.send({ kind: 'request', request: { id, ...request } })
          const next = await frames[Symbol.asyncIterator]().next()
          if (next.done === true || next.value.kind !== 'result') return codes
          codes.push(next.value.result.code)
        }
      } catch {
        return codes
      }
      return codes
    }

    it('ends a flood: first with a code, then with the stream, also over a new one', async () => {
      await serve()
      const codes = await ask(await open(), 100)
      expect(codes.slice(0, 10)).to.deep.equal(new Array(10).fill('INVALID_PROVIDER'))
      expect(codes.slice(10)).to.deep.equal(new Array(10).fill('RATE_LIMITED'))
      expect(await ask(await open(), 1)).to.deep.equal([])
      mesh.clock.set(mesh.clock.now() + 5_000)
      expect(await ask(await open(), 2)).to.deep.equal(['INVALID_PROVIDER', 'RATE_LIMITED'])
    })

    it('wants the binding of a peer: a client is refused', async () => {
      await serve()
      const stream = await duck.dialProtocol(relay.peerId, RELAY_PROTOCOL)
      const { peerId: remotePeer } = relay
      const frames = frameStream({ stream, remotePeer, codec: relayFrameCodec, clock: mesh.clock })
      const hello = buildHello(TEST_NETWORK, { client: await mesh.clientBinding('duck') })
      const opened = openSession<RelayFrame>(frames, hello, session(), { expect: 'peer' })
      await expectCode('STREAM_CLOSED', () => opened)
    })

    it('resets a stream that sends an answer', async () => {
      await serve()
      const frames = await open()
      await frames.send({ kind: 'result', result: { id: 1, code: '', skipped: [] } })
      await until(() => frames.closed)
    })

    it('survives any bytes, and serves the next one', async () => {
      await serve()
      const request: RelayFrame = {
        kind: 'request',
        request: {
          id: 1,
          provider: ownerOf('duck'),
          vouchers: (await vouchersOf('duck', 10n)).map(packed),
          permit: { feeBps: 1, nonce: 1, deadline: 1, signature: `0x${'5a'.repeat(65)}` },
        },
      }
      const good = relayFrameCodec.encode(request)
      const flips = fc.array(fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 })), {
        minLength: 1,
        maxLength: 4,
      })
      const flipped = flips.map((changes) => {
        const bytes = Uint8Array.from(good)
        for (const [at, mask] of changes) bytes[at] = (bytes[at] ?? 0) ^ mask
        return bytes
      })
      const bytes = fc.oneof(fc.uint8Array({ maxLength: 300 }), flipped)
      await fc.assert(
        fc.asyncProperty(bytes, async (frame) => {
          mesh.clock.set(mesh.clock.now() + 60_000)
          const { frames, stream } = await openBoth()
          stream.send(lp.encode.single(frame))
          await frames.close()
        }),
        { numRuns: 20 },
      )
      mesh.clock.set(mesh.clock.now() + 60_000)
      expect(await ask(await open(), 1)).to.deep.equal(['INVALID_PROVIDER'])
    })
  })
})
