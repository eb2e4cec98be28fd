/** Composition root of a peer: everything is built here once, in order, and stopped in the reverse order. */
import { DuckMeshError, toDuckMeshError } from '@duckmesh/protocols'
import type { Clock } from '@duckmesh/protocols'
import { redeemable } from '@duckmesh/protocols/settlement'
import { systemClock } from '@duckmesh/sdk'
import type { Config } from '../config/index.ts'
import { Closers } from './closers.ts'
import { Housekeeper } from './housekeeper.ts'
import type { PeerStatus, RunningPeer, SegmentNotice } from './interface.ts'
import { joinMesh } from './join-mesh.ts'
import type { PeerMesh } from './join-mesh.ts'
import { NeighbourFinder } from './neighbour-finder.ts'
import { openBase } from './open-base.ts'
import type { PeerBase } from './open-base.ts'
import { ProviderRole } from './provider-role.ts'
import type { ProviderSettings } from './provider-role.ts'

export interface CreatePeerInit {
  /** The machine's when left out. */
  clock?: Clock
  onSegment?: (notice: SegmentNotice) => void
}

/**
 * Starts a provider peer and resolves when it serves. Rejects with CONFIG_INVALID, KEY_REFUSED, STORE_LOCKED,
 * STORE_CORRUPT, WRONG_CHAIN, CHAIN_UNREACHABLE, INVALID_PROVIDER, INSUFFICIENT_STAKE, MODEL_CORRUPT,
 * MODEL_SELF_TEST_FAILED, PORT_IN_USE or NO_PEERS; everything that was opened is closed again.
 */
export async function createPeer(config: Config, init: CreatePeerInit = {}): Promise<RunningPeer> {
  const { provider } = config
  if (provider === undefined) {
    throw new DuckMeshError('CONFIG_INVALID', 'A peer needs the section "provider".', {
      details: { option: 'provider' },
    })
  }
  const closers = new Closers()
  try {
    const { clock = systemClock } = init
    const base = await openBase(config, provider, clock, closers)
    const mesh = await joinMesh(config, base, closers)
    const role = await serve({ ...base, ...mesh }, provider, config.redeem, init, closers)
    return {
      status: () => statusOf(base, mesh, role, provider),
      redeem: () => role.redeemer.redeem(),
      stop: () => closers.closeAll(),
    }
  } catch (error) {
    // What keeps the peer from starting is told, not what closing then complains about.
    await closers.closeAll().catch(() => undefined)
    throw toDuckMeshError(error)
  }
}

/** Takes jobs, then tells the network that it does. */
async function serve(
  parts: PeerBase & PeerMesh,
  provider: ProviderSettings,
  redeem: Config['redeem'],
  init: CreatePeerInit,
  closers: Closers,
): Promise<ProviderRole> {
  const { chain, clock, logger, network, store } = parts
  const onSegment = init.onSegment ?? ((): void => undefined)
  const components = { ...parts, port: chain.settlement }
  const role = new ProviderRole(components, provider, redeem, onSegment)
  closers.opened(role, (started) => started.stop())
  await role.start()
  const finder = new NeighbourFinder({ ...parts, network: network.name })
  closers.opened(finder, (started) => {
    started.stop()
  })
  await finder.start()
  const keeper = new Housekeeper({ clock, jobs: store.jobs, logger }).start()
  closers.opened(keeper, (started) => {
    started.stop()
  })
  return role
}

async function statusOf(
  { engine, signer, store }: PeerBase,
  { host }: PeerMesh,
  role: ProviderRole,
  provider: ProviderSettings,
): Promise<PeerStatus> {
  const held = redeemable(await store.ledger.listChannels())
  return {
    peerId: host.peerId.toString(),
    addresses: host.getMultiaddrs().map((address) => address.toString()),
    connectedPeers: host.getPeers().length,
    provider: provider.owner,
    operator: signer.address,
    models: engine.models(),
    inFlight: role.jobs.inFlight,
    slots: provider.slots,
    unredeemed: held.reduce((sum, row) => sum + row.paid - row.redeemed, 0n),
  }
}
