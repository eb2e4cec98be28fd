/** Composition root of a light client, for Node and browsers. */
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { LocalAccount } from 'viem'
import type { Clock, Crypto, Logger, Rng, Signer } from '@duckmesh/protocols'
import { CapsClient } from '@duckmesh/protocols/market'
import { BindingBook, buildHello, peerKeyOf } from '@duckmesh/protocols/mesh'
import { ClientChannels } from '@duckmesh/protocols/settlement'
import { ChainReader } from './chain/chain-reader.ts'
import { clientBindingSource } from './client-binding.ts'
import { accountSigner } from './crypto/account-signer.ts'
import { SdkCrypto } from './crypto/sdk-crypto.ts'
import { OfferFinder } from './discovery/find-offers.ts'
import { createClientHost } from './host/create-client-host.ts'
import { JobConnections } from './job/job-connections.ts'
import { LightClient } from './light-client.ts'
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
  crypto?: Crypto & Rng
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
  const privateKey = await generateKeyPair('Ed25519')
  const host = await createClientHost({ privateKey, local: config.local })
  try {
    const { joinTimeoutMs: timeoutMs = JOIN_TIMEOUT_MS, signal } = options
    await joinSeeds(host, config.seeds, { clock, timeoutMs, signal })
  } catch (error) {
    await host.stop()
    throw error
  }
  const bindings = new BindingBook({ network, crypto, clock })
  const channels = new ClientChannels({
    crypto,
    ledger: store.ledger,
    network,
    port: chain,
    signer,
  })
  const shared = { clock, crypto, rng: crypto, network, signer, logger, host, bindings }
  const caps = new CapsClient({ ...shared, stake: chain, hello: () => buildHello(network, {}) })
  const finder = new OfferFinder({ ...shared, caps, network: network.name })
  const binding = clientBindingSource({ ...shared, peerKey: peerKeyOf(host.peerId) })
  const records = { jobLog: store.jobs, nonces: store.nonces }
  const paid = { ...shared, ...records, binding, channels, stake: chain }
  const connections = new JobConnections(paid)
  const closers = [
    () => connections.close(),
    () => finder.stop(),
    () => caps.stop(),
    () => host.stop(),
    () => store.close(),
  ]
  return new LightClient({
    jobs: { ...shared, nonces: store.nonces, finder, connections },
    chain,
    store,
    finder,
    peerId: host.peerId.toString(),
    connectedPeers: () => host.getPeers().length,
    stop: () => endAll(closers),
  })
}
