/** A seed and a provider in this process: offers, jobs and accounts by the rules of the mesh, hosts on loopback. */
import { jobFrameCodec, offerCodec } from '@duckmesh/protocols'
import type { Clock, Hex, ModelOffer, NetworkIdentity } from '@duckmesh/protocols'
import type { PeerBinding, Signer } from '@duckmesh/protocols'
import { JobServer } from '@duckmesh/protocols/dispatch'
import { CapsServer, OfferPublisher, discoveryKey } from '@duckmesh/protocols/market'
import type { Load } from '@duckmesh/protocols/market'
import { BindingBook, CAPS_PROTOCOL, JOB_PROTOCOL, KAD_PROTOCOL } from '@duckmesh/protocols/mesh'
import { acceptSession, buildHello, frameStream, peerKeyOf } from '@duckmesh/protocols/mesh'
import { readEnvelope, sealEnvelope, signPeerBinding } from '@duckmesh/protocols/mesh'
import { ProviderChannels } from '@duckmesh/protocols/settlement'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import type { Connection, Ed25519PrivateKey, Stream } from '@libp2p/interface'
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import type { Libp2p } from 'libp2p'
import { privateKeyToAccount } from 'viem/accounts'
import { ChainReader } from '../../src/chain/chain-reader.ts'
import { accountSigner } from '../../src/crypto/account-signer.ts'
import { SdkCrypto } from '../../src/crypto/sdk-crypto.ts'
import { identityOf } from '../../src/network.ts'
import { silentLogger } from '../../src/silent-logger.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { systemClock } from '../../src/system-clock.ts'
import type { FakeRpc } from './fake-rpc.ts'
import { address, bytes32, modelOffer } from './offers.ts'
import { createSeat, holdSeats, keepOffer } from './seat.ts'
import type { TestSeat } from './seat.ts'
import { testUnsealer } from './test-unsealer.ts'
import { WordEngine } from './word-engine.ts'

export const OWNER: Hex = address(0x0f)
/** Wei per 1 000 tokens. */
export const PRICES = { priceIn: 250_000n, priceOut: 1_000_000n }
const OPERATOR_KEY = bytes32(0x0e)
const SLOTS = 2

export interface TestProvider {
  engine: WordEngine
  channels: ProviderChannels
  jobs: JobServer
  host: Libp2p
  /** Multiaddr of the seed, which is another host. */
  seed: string
  seedHost: Libp2p
  /** Streams of the job protocol that were opened. */
  jobStreams: () => number
  /** Its market; absent without seats. */
  seat: TestSeat | undefined
  /** Open connections of clients. */
  clientConnections: () => Connection[]
  stop(): Promise<void>
}

export interface TestProviderInit {
  /** It holds every seat and bids; without, jobs go the direct lane. */
  hasSeat?: boolean
  /** What it asks; `PRICES` when left out. */
  prices?: Prices
  /** Where the hosts listen; at TCP addresses when left out. */
  listen?: string[]
}

type Prices = Pick<ModelOffer, 'priceIn' | 'priceOut'>

/** Starts both; the provider is staked on the chain and announced in the DHT. */
export async function startProvider(
  rpc: FakeRpc,
  { hasSeat = false, prices = PRICES, listen }: TestProviderInit = {},
): Promise<TestProvider> {
  const clock = systemClock
  const privateKey = await generateKeyPair('Ed25519')
  const seedHost = await startHost(await generateKeyPair('Ed25519'), listen)
  const host = await startHost(privateKey, listen)
  const [seed] = seedHost.getMultiaddrs()
  await host.dial(seed!)
  const signer = accountSigner(privateKeyToAccount(OPERATOR_KEY))
  rpc.operators.set(signer.address, OWNER)
  const config = rpc.network()
  const network = identityOf(config)
  const unsealer = await testUnsealer()
  const fields = { peerKey: peerKeyOf(host.peerId), encKey: unsealer.encKey }
  const binding = await bindingOf(fields, network, signer, clock)
  const crypto = new SdkCrypto()
  const port = new ChainReader(config, clock)
  const { jobs: jobLog, ledger } = createMemoryStore(0)
  const logger = silentLogger
  const rng = crypto
  const shared = { clock, crypto, logger, network, port, provider: OWNER, rng, signer, unsealer }
  const channels = new ProviderChannels({ ...shared, ledger })
  const engine = new WordEngine()
  const load = (): Load => ({ inFlight: jobs.inFlight, slots: SLOTS, stepMs: 0 })
  const market = { ...shared, ...fields, binding, host, load, prices }
  const seat = hasSeat ? await createSeat(market) : undefined
  if (hasSeat) holdSeats(rpc, OWNER, clock.now())
  const offers = startOffers({ network, clock, prices, privateKey, seat })
  const quotes = { find: (hash: Hex) => offers.find(hash)?.models[0] }
  const components = { ...shared, payments: channels, jobLog, engine, quotes }
  const auction = seat === undefined ? {} : { auction: seat.auction }
  const jobs: JobServer = new JobServer({ ...components, ...auction }, { slots: SLOTS })
  const bindings = new BindingBook({ network, crypto, clock })
  const hello = () => buildHello(network, { peer: binding })
  const record = () => offers.record()
  const caps = new CapsServer({ ...shared, bindings, hello, load, record })
  let streams = 0
  await seat?.serve()
  await host.handle(CAPS_PROTOCOL, caps.handle)
  await host.handle(JOB_PROTOCOL, async (stream: Stream, connection: Connection) => {
    streams += 1
    const { remotePeer } = connection
    const frames = frameStream({ stream, remotePeer, codec: jobFrameCodec, clock })
    const rules = { bindings, clock, network }
    const answer = async (payer: Hex) =>
      buildHello(network, { peer: binding, ...(await channels.standing(payer)) })
    try {
      const session = await acceptSession(
        frames,
        async ({ hello: theirs, payer = '0x' }) => {
          await channels.adopt(payer, theirs.lastVoucher, theirs.due)
          return answer(payer)
        },
        rules,
        { expect: 'client' },
      )
      await jobs.serve(session)
      await frames.close()
    } catch (error) {
      stream.abort(error as Error)
    }
  })
  await host.contentRouting.provide(await discoveryKey(network.name))
  return {
    engine,
    channels,
    jobs,
    host,
    seed: String(seed),
    seedHost,
    jobStreams: () => streams,
    seat,
    clientConnections: () =>
      host.getConnections().filter(({ remotePeer }) => !remotePeer.equals(seedHost.peerId)),
    stop: async () => {
      offers.stop()
      await seat?.stop()
      await jobs.stop()
      await host.stop()
      await seedHost.stop()
    },
  }
}

export function startHost(
  privateKey: Ed25519PrivateKey,
  listen: string[] = ['/ip4/127.0.0.1/tcp/0'],
): Promise<Libp2p> {
  return createLibp2p({
    privateKey,
    addresses: { listen },
    transports: [tcp(), webSockets()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: {
      identify: identify(),
      ping: ping(),
      dht: kadDHT({
        protocol: KAD_PROTOCOL,
        clientMode: false,
        initialQuerySelfInterval: 1,
        peerInfoMapper: passthroughMapper,
      }),
    },
  })
}

export function bindingOf(
  fields: { peerKey: Hex; encKey: Hex },
  network: NetworkIdentity,
  signer: Signer,
  clock: Clock,
): Promise<PeerBinding> {
  const expiry = Math.floor(clock.now() / 1_000) + 3_600
  return signPeerBinding({ ...fields, expiry }, { network, signer })
}

interface OffersInit {
  network: NetworkIdentity
  clock: Clock
  prices: Prices
  privateKey: Ed25519PrivateKey
  seat: TestSeat | undefined
}

function startOffers({ clock, network, prices, privateKey, seat }: OffersInit): OfferPublisher {
  const peerKey: Hex = `0x${Buffer.from(privateKey.publicKey.raw).toString('hex')}`
  const signer = { peerKey, sign: (data: Uint8Array) => privateKey.sign(data) }
  let seq = 1
  const offers = new OfferPublisher({
    clock,
    logger: silentLogger,
    publish: async (offer) => {
      const draft = { type: 'offer' as const, payload: offerCodec.encode(offer), seq: seq++ }
      const envelope = await sealEnvelope(draft, { network, clock, signer })
      if (seat !== undefined) {
        keepOffer(seat, { ...readEnvelope(envelope, network), offer }, clock.now())
      }
      return envelope
    },
    source: () => ({ provider: OWNER, slots: SLOTS, models: [modelOffer(prices)] }),
  })
  offers.start()
  return offers
}
