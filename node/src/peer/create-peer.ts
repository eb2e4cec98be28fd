/** Composition root of a peer: everything is built here once, in order, and stopped in the reverse order. */
import { DuckMeshError } from '@duckmesh/protocols'
import type { Hex } from '@duckmesh/protocols'
import { BindingBook, GossipDriver, allShards, gossipOptions, hostLimits } from '@duckmesh/protocols/mesh'
import { redeemable } from '@duckmesh/protocols/settlement'
import { identityOf } from '@duckmesh/sdk'
import type { Config } from '../config/index.ts'
import { EncKeyring, NodeCrypto, NodePeerSigner } from '../crypto/index.ts'
import { SeedKeeper, createPeerHost, openPeerDatastore, systemClock } from '../host/index.ts'
import type { PeerHost } from '../host/index.ts'
import { loadOperatorKey, loadPeerKey } from '../keys/index.ts'
import { createLogger } from '../log/index.ts'
import { DataDir, openNodeStore } from '../storage/index.ts'
import type { NodeStore } from '../storage/index.ts'
import { Housekeeper } from './housekeeper.ts'
import type { PeerStatus, RunningPeer, SegmentNotice } from './interface.ts'
import { loadModels } from './load-models.ts'
import { NeighbourFinder } from './neighbour-finder.ts'
import { openChain } from './open-chain.ts'
import { OwnBinding } from './own-binding.ts'
import { ProviderRole } from './provider-role.ts'
import type { ProviderSettings } from './provider-role.ts'

export interface CreatePeerInit {
  onSegment?: (notice: SegmentNotice) => void
}

/**
 * Starts a provider peer and resolves when it serves. Rejects with CONFIG_INVALID, KEY_REFUSED,
 * STORE_LOCKED, WRONG_CHAIN, CHAIN_UNREACHABLE, INVALID_PROVIDER, MODEL_CORRUPT, PORT_IN_USE or NO_PEERS;
 * everything that was opened is closed again.
 */
export async function createPeer(config: Config, init: CreatePeerInit = {}): Promise<RunningPeer> {
  const { provider } = config
  if (provider === undefined) {
    throw new DuckMeshError('CONFIG_INVALID', 'A peer needs the section "provider" of its configuration.')
  }
  const closers: (() => unknown)[] = []
  try {
    return await build(config, provider, init, closers)
  } catch (error) {
    await closeAll(closers)
    throw error
  }
}

async function closeAll(closers: (() => unknown)[]): Promise<void> {
  for (const close of closers.reverse()) await close()
}

async function build(
  config: Config,
  provider: ProviderSettings,
  init: CreatePeerInit,
  closers: (() => unknown)[],
): Promise<RunningPeer> {
  const opened = <T>(value: T, close: (value: T) => unknown): T => {
    closers.push(() => close(value))
    return value
  }
  const clock = systemClock
  const logger = createLogger(config.log)
  const crypto = new NodeCrypto()
  const network = identityOf({ ...config.network, rpcUrl: config.network.rpc, seeds: config.seeds })

  const signer = await loadOperatorKey(config.keys, config.network.local)
  const dir = await DataDir.open(config.dataDir)
  opened(dir.lock(signer.address, clock.now()), (lock) => {
    lock.release()
  })
  const store = opened(await openNodeStore(dir.storeFile('provider')), (files) => files.close())
  const unsealer = await EncKeyring.open(dir.encKeyFile, clock.now())
  const peerKey = await loadPeerKey(dir.peerKeyFile)
  const peerSigner = new NodePeerSigner(peerKey)

  const chainInit = { clock, logger, network: config.network, provider: provider.owner, signer }
  const chain = opened(await openChain(chainInit), (opened) => {
    opened.stop()
  })
  const engine = opened(await loadModels(provider.modelsDir, logger), (host) => host.stop())

  const gossipInit = { network: network.name, shards: allShards(), loopback: config.network.local }
  const datastore = opened(await openPeerDatastore(dir.datastore), (files) => files.close())
  const host = opened(
    await createPeerHost({
      privateKey: peerKey,
      datastore,
      listen: config.listen,
      gossip: gossipOptions(gossipInit),
      limits: hostLimits('peer'),
      local: config.network.local,
    }),
    (node) => node.stop(),
  )
  const bindings = new BindingBook({ network, crypto, clock })
  const shared = { bindings, clock, crypto, host, logger, network, signer, store, unsealer }
  const gossip = new GossipDriver(
    { ...shared, pubsub: host.services.pubsub, signer: peerSigner, stake: chain.stake },
    {},
    { shards: allShards() },
  )
  gossip.start()
  const binding = opened(await OwnBinding.create({ ...shared, peerKey: peerSigner.peerKey }), (own) => {
    own.stop()
  })
  gossip.announce(() => binding.current)
  opened(gossip, (driver) => {
    driver.stop()
  })

  const seeds = new SeedKeeper({ ...shared, rng: crypto }, { seeds: config.seeds })
  opened(seeds, (keeper) => {
    keeper.stop()
  })
  await seeds.join()
  const onSegment = init.onSegment ?? ((): void => undefined)
  const role = new ProviderRole({ ...shared, binding, engine, gossip, port: chain.settlement }, provider, config.redeem, onSegment)
  await role.start()
  opened(role, (started) => started.stop())
  const finder = new NeighbourFinder({ ...shared, network: network.name })
  opened(finder, (started) => {
    started.stop()
  })
  await finder.start()
  opened(new Housekeeper({ clock, jobs: store.jobs, logger }).start(), (keeper) => {
    keeper.stop()
  })
  let stopping: Promise<void> | null = null
  return {
    status: () => statusOf(host, role, engine.models(), store, { ...provider, operator: signer.address }),
    redeem: () => role.redeemer.redeem(),
    stop: () => (stopping ??= closeAll(closers)),
  }
}

async function statusOf(
  host: PeerHost,
  role: ProviderRole,
  models: PeerStatus['models'],
  store: NodeStore,
  provider: ProviderSettings & { operator: Hex },
): Promise<PeerStatus> {
  const held = redeemable(await store.ledger.listChannels())
  return {
    peerId: host.peerId.toString(),
    addresses: host.getMultiaddrs().map((address) => address.toString()),
    connectedPeers: host.getPeers().length,
    provider: provider.owner,
    operator: provider.operator,
    models,
    inFlight: role.jobs.inFlight,
    slots: provider.slots,
    unredeemed: held.reduce((sum, row) => sum + row.paid - row.redeemed, 0n),
  }
}
