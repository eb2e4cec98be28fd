/** What a peer needs before it talks to others: its keys, folder, store, chain and models. */
import type { Clock, Hex, Logger, NetworkIdentity, Signer } from '@duckmesh/protocols'
import { identityOf } from '@duckmesh/sdk'
import type { Ed25519PrivateKey } from '@libp2p/interface'
import { RemoteModels } from '../backend-openai/index.ts'
import type { Config } from '../config/index.ts'
import { EncKeyring, NodeCrypto } from '../crypto/index.ts'
import type { EngineHost } from '../engine/index.ts'
import { loadOperatorKey, loadPeerKey } from '../keys/index.ts'
import { createLogger } from '../log/index.ts'
import { DataDir, openNodeStore } from '../storage/index.ts'
import type { NodeStore } from '../storage/index.ts'
import type { Closers } from './closers.ts'
import { loadModels } from './load-models.ts'
import { openChain } from './open-chain.ts'
import type { PeerChain } from './open-chain.ts'
import { openChosenModels } from './open-chosen-models.ts'
import type { ProviderSettings } from './provider-role.ts'
import { ServedModels, endpointSettings } from './served-models.ts'

export interface PeerBase {
  chain: PeerChain
  clock: Clock
  crypto: NodeCrypto
  dir: DataDir
  engine: EngineHost
  /** The models of the engine and those behind endpoints, as jobs and offers see them. */
  served: ServedModels
  logger: Logger
  network: NetworkIdentity
  peerKey: Ed25519PrivateKey
  /** The operator's key. */
  signer: Signer & { readonly address: Hex }
  store: NodeStore
  unsealer: EncKeyring
}

/** Opens them in this order: cheap refusals come before the engine starts. Errors as `createPeer`. */
export async function openBase(
  config: Config,
  provider: ProviderSettings,
  clock: Clock,
  closers: Closers,
): Promise<PeerBase> {
  const logger = createLogger(config.log)
  const { rpc: rpcUrl } = config.network
  const network = identityOf({ ...config.network, rpcUrl, seeds: config.seeds })
  const signer = await loadOperatorKey(config.keys, config.network.local)
  const dir = await DataDir.open(config.dataDir)
  closers.opened(dir.lock(signer.address, clock.now()), (lock) => {
    lock.release()
  })
  const storeFile = dir.storeFile('provider')
  const store = closers.opened(await openNodeStore(storeFile), (files) => files.close())
  const unsealer = await EncKeyring.open(dir.encKeyFile, clock.now())
  const peerKey = await loadPeerKey(dir.peerKeyFile)
  const chainInit = { clock, logger, network: config.network, provider: provider.owner, signer }
  const chain = closers.opened(await openChain(chainInit), (view) => {
    view.stop()
  })
  const endpoints = await endpointSettings(provider)
  const chosen = await openChosenModels(config, clock, closers)
  const models = await loadModels(provider.modelsDir, logger, chosen, config.engine)
  const engine = closers.opened(models, (host) => host.stop())
  const remote = new RemoteModels({ clock, fetch, logger }, endpoints)
  const served = closers.opened(new ServedModels({ engine, remote }, provider), (both) => {
    both.stop()
  })
  const crypto = new NodeCrypto()
  const keys = { crypto, peerKey, signer, unsealer }
  return { ...keys, chain, clock, dir, engine, logger, network, served, store }
}
