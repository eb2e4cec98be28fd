import { DuckMeshError, marketFrameCodec } from '@duckmesh/protocols'
import type { Hex, MarketFrame, NetworkIdentity, PeerBinding } from '@duckmesh/protocols'
import { BindingBook, MARKET_PROTOCOL, acceptSession, buildHello } from '@duckmesh/protocols/mesh'
import { frameStream, peerKeyOf } from '@duckmesh/protocols/mesh'
import type { SeatAddress } from '@duckmesh/protocols/market'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Connection, Stream } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { expect } from 'chai'
import type { Libp2p } from 'libp2p'
import { privateKeyToAccount } from 'viem/accounts'
import { clientBindingSource } from '../../src/client-binding.ts'
import { accountSigner } from '../../src/crypto/account-signer.ts'
import { SdkCrypto } from '../../src/crypto/sdk-crypto.ts'
import { createClientHost } from '../../src/host/create-client-host.ts'
import type { ClientHost } from '../../src/host/create-client-host.ts'
import { SeatStreams } from '../../src/market/seat-streams.ts'
import { silentLogger } from '../../src/silent-logger.ts'
import { systemClock } from '../../src/system-clock.ts'
import { expectCode } from '../support/expect-code.ts'
import { until } from '../support/fake-clock.ts'
import { address, bytes32 } from '../support/offers.ts'
import { bindingOf, startHost } from '../support/provider.ts'

const OWNER = address(0x0f)
const clock = systemClock
const crypto = new SdkCrypto()
const network: NetworkIdentity = { name: '31337-00000000', chainId: 31_337, registry: address(9) }
const operator = accountSigner(privateKeyToAccount(bytes32(0x0e)))
const payer = accountSigner(privateKeyToAccount(bytes32(0xc1)))
const shared = { clock, crypto, logger: silentLogger, network }
const quiet = new AbortController().signal

describe('SeatStreams', () => {
  let seat: Libp2p
  let host: ClientHost
  let streams: SeatStreams
  /** Owner for which the operator acts on the chain. */
  let owner: Hex | null | 'unknown'
  /** What the seat shows in its hello. */
  let shown: PeerBinding | undefined
  let opened: number
  let payers: (Hex | undefined)[]

  beforeEach(async () => {
    opened = 0
    payers = []
    owner = OWNER
    seat = await startHost(await generateKeyPair('Ed25519'))
    const keys = { peerKey: peerKeyOf(seat.peerId), encKey: bytes32(3) }
    shown = await bindingOf(keys, network, operator, clock)
    await seat.handle(MARKET_PROTOCOL, serve)
    host = await createClientHost({ privateKey: await generateKeyPair('Ed25519'), local: true })
    streams = new SeatStreams({
      ...shared,
      host,
      binding: clientBindingSource({ ...shared, peerKey: peerKeyOf(host.peerId), signer: payer }),
      bindings: new BindingBook({ network, crypto, clock }),
      stake: { providerOf: () => Promise.resolve(owner) },
    })
  })
  afterEach(async () => {
    await streams.close()
    await host.stop()
    await seat.stop()
  })

  const serve = async (stream: Stream, { remotePeer }: Connection): Promise<void> => {
    opened += 1
    const frames = frameStream({ stream, remotePeer, codec: marketFrameCodec, clock })
    const bindings = new BindingBook({ network, crypto, clock })
    const answer = () => buildHello(network, shown === undefined ? {} : { peer: shown })
    const rules = { network, bindings, clock }
    const session = await acceptSession<MarketFrame>(frames, answer, rules, { expect: 'client' })
    payers.push(session.remote.payer)
  }

  const at = (over: Partial<SeatAddress> = {}): SeatAddress => ({
    owner: OWNER,
    peerKey: peerKeyOf(seat.peerId),
    addresses: seat.getMultiaddrs().map(String),
    ...over,
  })

  it('dials where the seat is said to be, shows who pays, and keeps the stream', async () => {
    // Text from the network may be anything.
    const addresses = ['nonsense', '', ...at().addresses]
    const connection = await streams.to(at({ addresses }), quiet)
    expect(connection.operator).to.equal(operator.address)
    expect(payers).to.deep.equal([payer.address])
    expect(await streams.to(at({ addresses: [] }), quiet)).to.equal(connection)
    expect(opened).to.equal(1)
  })

  it('opens another one when the seat closed the last', async () => {
    const before = await streams.to(at(), quiet)
    await Promise.all(seat.getConnections().map((open) => open.close()))
    await until(() => before.closed && host.getConnections().length === 0)
    const after = await streams.to(at(), quiet)
    expect(after).to.not.equal(before)
    expect(after.closed).to.equal(false)
  })

  const strangers: [string, Hex | null | 'unknown'][] = [
    ['acts for another owner', address(0x10)],
    ['acts for nobody', null],
  ]
  for (const [what, acts] of strangers) {
    it(`refuses a peer whose operator ${what}, and does not keep its stream`, async () => {
      owner = acts
      await expectCode('INVALID_PROVIDER', () => streams.to(at(), quiet))
      owner = OWNER
      await streams.to(at(), quiet)
      expect(opened).to.equal(2)
    })
  }

  it('refuses a peer while the chain does not tell for whom it acts', async () => {
    owner = 'unknown'
    const failed = streams.to(at(), quiet).then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(await failed).to.be.instanceOf(DuckMeshError)
  })

  it('refuses a peer that shows no operator', async () => {
    shown = undefined
    await expectCode('BINDING_UNKNOWN', () => streams.to(at(), quiet))
  })

  it('refuses the binding of another peer', async () => {
    const keys = { peerKey: bytes32(1), encKey: bytes32(3) }
    shown = await bindingOf(keys, network, operator, clock)
    await expectCode('BINDING_MISMATCH', () => streams.to(at(), quiet))
  })

  it('tells PROVIDER_LOST for a seat that nobody can reach', async () => {
    const addresses = ['/ip4/127.0.0.1/tcp/1']
    const nobody = peerKeyOf(peerIdFromPrivateKey(await generateKeyPair('Ed25519')))
    await expectCode('PROVIDER_LOST', () => streams.to(at({ peerKey: nobody, addresses }), quiet))
  })

  it('ends its streams, and opens none after that', async () => {
    const connection = await streams.to(at(), quiet)
    await streams.close()
    await until(() => connection.closed)
    await expectCode('SHUTTING_DOWN', () => streams.to(at(), quiet))
  })
})
