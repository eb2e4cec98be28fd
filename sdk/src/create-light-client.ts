/** Composition root of a light client, for Node and browsers. */
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import type { LocalAccount } from 'viem'
import { shardOf } from '@duckmesh/protocols'
import type { Clock, Logger, Signer } from '@duckmesh/protocols'
import { CapsClient } from '@duckmesh/protocols/market'
import { BindingBook, buildHello, peerKeyOf } from '@duckmesh/protocols/mesh'
import { ClientChannels, ServicePayer } from '@duckmesh/protocols/settlement'
import { ChainReader } from './chain/chain-reader.ts'
import { clientBindingSource } from './client-binding.ts'
import { accountSigner } from './crypto/account-signer.ts'
import type { ClientCrypto } from './crypto/client-crypto.ts'
import { SdkCrypto } from './crypto/sdk-crypto.ts'
import { OfferFinder } from './discovery/find-offers.ts'
import { createHandover } from './evidence/create-handover.ts'
import { createClientHost } from './host/create-client-host.ts'
import type { ClientHost } from './host/create-client-host.ts'
import { JobConnections } from './job/job-connections.ts'
import { KnownProviders } from './job/provider-connector.ts'
import { ProviderBans } from './job/provider-bans.ts'
import { LightClient } from './light-client.ts'
import { createAuction } from './market/create-auction.ts'
import type { ClientAuction } from './market/create-auction.ts'
import { endAll } from './end-all.ts'
import { joinSeeds } from './host/join-seeds.ts'
import { identityOf } from './network.ts'
import type { NetworkConfig } from './network.ts'
import { silentLogger } from './silent-logger.ts'
import { createMemoryStore } from './store/memory-store.ts'
import type { ClientStore } from './store/memory-store.ts'
import { systemClock } from './system-clock.ts'

export interface LightClientOptions {
  network: NetworkConfig
  /** Account that pays: a viem local account, or any signer of digests. */
  account: LocalAccount | Signer
  /** Where channels and jobs are kept; memory when left out. `stop` closes it; a start that fails does not. */
  store?: ClientStore
  logger?: Logger
  /** Replacements of the pure JavaScript cryptography, for example a native one on Node. */
  crypto?: ClientCrypto
  clock?: Clock
  /** How long to try the seeds, ms; 15 000 when left out. */
  joinTimeoutMs?: number
  signal?: AbortSignal
}

const JOIN_TIMEOUT_MS = 15_000

/**
 * Starts a light client and joins the network. Rejects with CONFIG_INVALID, WRONG_CHAIN,
 * CHAIN_UNREACHABLE, CANCELLED or NO_PEERS (with the addresses tried and why each failed).
 *
 * @example
 * const client = await createLightClient({ network, account: privateKeyToAccount(key) })
 * const stream = await client.chat.completions.create({ model: 'duckling', messages, stream: true })
 * for await (const chunk of stream) show(chunk.choices[0]?.delta.content)
 */
export async function createLightClient(options: LightClientOptions): Promise<LightClient> {
  const { network: config, logger = silentLogger, clock = systemClock } = options
  const crypto = options.crypto ?? new SdkCrypto()
  const signer = 'signDigest' in options.account ? options.account : accountSigner(options.account)
  const store = options.store ?? createMemoryStore(clock.now())
  const network = identityOf(config)
  const chain = new ChainReader(config, clock)
  await chain.check()
  const times = await chain.electionTimes()
  const privateKey = await generateKeyPair('Ed25519')
  const { joinTimeoutMs: timeoutMs = JOIN_TIMEOUT_MS, signal } = options
  const host = await joinedHost(config, privateKey, { clock, timeoutMs, signal })
  const bindings = new BindingBook({ network, crypto, clock })
  const paid = { network, port: chain, signer }
  const channels = new ClientChannels({ ...paid, crypto, ledger: store.ledger })
  const service = new ServicePayer({ ...paid, services: store.services })
  const shared = { clock, crypto, rng: crypto, network, signer, logger, host, bindings }
  const caps = new CapsClient({ ...shared, stake: chain, hello: () => buildHello(network, {}) })
  const finder = new OfferFinder({ ...shared, caps, network: network.name })
  const binding = clientBindingSource({ ...shared, peerKey: peerKeyOf(host.peerId) })
  const records = { jobLog: store.jobs, nonces: store.nonces }
  const connections = new JobConnections({ ...shared, ...records, binding, channels, stake: chain })
  const parts = { ...shared, binding, chain, finder, times, privateKey }
  const auction = createAuction(parts)
  const evidence = createHandover(parts)
  const own = { binding, channels, evidence, finder, service }
  const stopping = new AbortController()
  const closers: (() => unknown)[] = [
    () => {
      stopping.abort()
    },
    () => evidence.stop(),
    () => auction.close(),
    () => connections.close(),
    () => finder.stop(),
    () => caps.stop(),
    () => host.stop(),
    () => store.close(),
  ]
  void warmUp(finder, auction, stopping.signal)
  return new LightClient({
    jobs: {
      ...shared,
      ...own,
      auctioneer: auction.auctioneer,
      bans: new ProviderBans(clock),
      connector: new KnownProviders({ chain, clock, connections, finder }),
      nonces: store.nonces,
      transcripts: store.transcripts,
    },
    chain,
    store,
    finder,
    peerId: host.peerId.toString(),
    connectedPeers: () => host.getPeers().length,
    stop: () => endAll(closers),
  })
}

/** A libp2p node connected to a seed of the network; stopped again when none answers. */
async function joinedHost(
  config: NetworkConfig,
  privateKey: PrivateKey,
  options: Parameters<typeof joinSeeds>[2],
): Promise<ClientHost> {
  const host = await createClientHost({ privateKey, local: config.local })
  try {
    await joinSeeds(host, config.seeds, options)
    return host
  } catch (error) {
    await host.stop()
    throw error
  }
}

/** So that the first job finds offers, seats and open streams; one that comes sooner waits for the same answers. */
async function warmUp(
  finder: OfferFinder,
  auction: ClientAuction,
  signal: AbortSignal,
): Promise<void> {
  const offers = await finder.offers(signal).catch(() => [])
  const models = offers.flatMap(({ offer }) => offer.models)
  const shards = new Set(models.map(({ modelId }) => shardOf(modelId)))
  await Promise.all([...shards].map((shard) => auction.warm(shard)))
}
