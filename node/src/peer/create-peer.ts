/** Composition root of a peer: everything is built here once, in order, and stopped in the reverse order. */
import { DuckMeshError, toDuckMeshError } from '@duckmesh/protocols'
import type { Clock } from '@duckmesh/protocols'
import type { AuctionRules } from '@duckmesh/protocols/dispatch'
import type { Load } from '@duckmesh/protocols/market'
import { redeemable } from '@duckmesh/protocols/settlement'
import { systemClock } from '@duckmesh/sdk'
import { toJson } from '../cli/output.ts'
import type { Config } from '../config/index.ts'
import type { ReadyCheck } from '../gateway/index.ts'
import { Closers } from './closers.ts'
import { EvidenceRole } from './evidence-role.ts'
import { FetchRole } from './fetch-role.ts'
import { GatewayRole } from './gateway-role.ts'
import { Housekeeper } from './housekeeper.ts'
import type { PeerStatus, RunningPeer, SegmentNotice } from './interface.ts'
import { joinMesh } from './join-mesh.ts'
import type { PeerMesh } from './join-mesh.ts'
import { MarketRole } from './market-role.ts'
import { MarketStats } from './market-stats.ts'
import { NeighbourFinder } from './neighbour-finder.ts'
import { openBase } from './open-base.ts'
import type { PeerBase } from './open-base.ts'
import { ProviderRole } from './provider-role.ts'
import type { ProviderSettings } from './provider-role.ts'
import { RelayRole } from './relay-role.ts'

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
    const roles = await serve({ ...base, ...mesh }, provider, config, init, closers)
    const status = (): Promise<PeerStatus> => statusOf(base, mesh, roles, provider)
    const gateway = await openGateway({ base, config, mesh, roles, status }, closers)
    roles.gateway = gateway
    return { status, redeem: () => roles.provider.redeem(), stop: () => closers.closeAll() }
  } catch (error) {
    // What keeps the peer from starting is told, not what closing then complains about.
    await closers.closeAll().catch(() => undefined)
    throw toDuckMeshError(error)
  }
}

interface Roles {
  provider: ProviderRole
  relay: RelayRole
  market: MarketRole
  evidence: EvidenceRole
  stats: MarketStats
  gateway?: GatewayRole
}

/** Takes jobs and seats, then tells the network that it does. */
async function serve(
  parts: PeerBase & PeerMesh,
  settings: ProviderSettings,
  config: Config,
  init: CreatePeerInit,
  closers: Closers,
): Promise<Roles> {
  const { clock, handlers, logger, network, store } = parts
  const roles = createRoles(parts, settings, config, init)
  const { evidence, market, provider, relay } = roles
  closers.opened(relay, (started) => started.stop())
  closers.opened(provider, (started) => started.stop())
  closers.opened(market, (started) => started.stop())
  closers.opened(evidence, (started) => started.stop())
  const newcomer = (): void => {
    provider.greet()
  }
  Object.assign(handlers, market.handlers, evidence.handlers, { newcomer })
  await evidence.start()
  await market.start()
  await provider.start()
  await relay.start()
  const finder = new NeighbourFinder({ ...parts, network: network.name })
  closers.opened(finder, (started) => {
    started.stop()
  })
  await finder.start()
  const fetch = closers.opened(new FetchRole(parts, config), (started) => started.stop())
  await fetch.start()
  const { jobs, records } = store
  const keeper = new Housekeeper({ clock, jobs, records, logger }).start()
  closers.opened(keeper, (started) => started.stop())
  return roles
}

/** The two roles need each other: bids name prices and load, awards are checked against bids. */
function createRoles(
  parts: PeerBase & PeerMesh,
  settings: ProviderSettings,
  config: Config,
  init: CreatePeerInit,
): Roles {
  const { chain, crypto, ownKey } = parts
  const stats = new MarketStats()
  const onSegment = (notice: SegmentNotice): void => {
    if (notice.state === 'accepted') stats.won()
    init.onSegment?.(notice)
  }
  const shared = { ...parts, peerKey: ownKey, port: chain.settlement, rng: crypto }
  const relay = new RelayRole({ ...shared, port: chain.relay, stake: chain.stake }, config)
  const { redemptions } = relay
  const provider: ProviderRole = new ProviderRole(
    { ...shared, redemptions, auction: () => countedRules(market.auction, stats) },
    settings,
    config.redeem,
    onSegment,
  )
  const { fees, prices } = provider
  const { accusations, faults, funding, operators, stake, view } = chain
  const own = { fees, prices, provider: settings.owner, load: (): Load => provider.load() }
  const onChain = { funding, operators, stake, view }
  const { replyKeys } = crypto
  const { local } = config.network
  const { submit } = config.evidence
  const accused = { accusations, faults, provider: settings.owner }
  const evidence = new EvidenceRole({ ...shared, ...accused }, { local, submit })
  const market = new MarketRole(
    { ...shared, ...own, ...onChain, evidence: evidence.found, replyKeys, stats },
    { local },
  )
  return { evidence, provider, market, relay, stats }
}

/** The rules of auctioned awards, with a count of what they refuse. */
function countedRules(rules: AuctionRules, stats: MarketStats): AuctionRules {
  return {
    check: async (frame) => {
      try {
        return await rules.check(frame)
      } catch (error) {
        stats.refused(toDuckMeshError(error).code)
        throw error
      }
    },
  }
}

interface GatewayParts {
  base: PeerBase
  config: Config
  mesh: PeerMesh
  roles: Roles
  status: () => Promise<PeerStatus>
}

async function openGateway(parts: GatewayParts, closers: Closers): Promise<GatewayRole> {
  const { base, config, mesh, status } = parts
  const { host } = mesh
  const components = {
    clock: base.clock,
    logger: base.logger,
    addresses: () => host.getMultiaddrs().map((address) => address.toString()),
    records: base.store.records,
    ready: () => Promise.resolve(readyChecks(base, mesh)),
    stats: async () => toJson(await status()),
  }
  const gateway = closers.opened(new GatewayRole(components, config), (started) => started.stop())
  await gateway.start()
  return gateway
}

/** What must hold before this node can take a request or a job. */
function readyChecks({ chain, clock, served }: PeerBase, { host, offers }: PeerMesh): ReadyCheck[] {
  const peers = host.getPeers().length
  const models = served.models().length
  const live = offers.entries(clock.now()).length
  const state = chain.state()
  return [
    { name: 'chain', ok: state === 'FRESH', detail: state },
    { name: 'peers', ok: peers > 0, detail: `${peers} connected` },
    { name: 'models', ok: models > 0, detail: `${models} loaded` },
    { name: 'offers', ok: live > 0, detail: `${live} known` },
  ]
}

async function statusOf(
  { clock, engine, served, signer, store }: PeerBase,
  { host, offers }: PeerMesh,
  { evidence, gateway, market, provider: role, stats }: Roles,
  provider: ProviderSettings,
): Promise<PeerStatus> {
  const held = [
    ...redeemable(await store.ledger.listChannels()),
    ...redeemable(await store.services.listServices()),
  ]
  return {
    peerId: host.peerId.toString(),
    addresses: host.getMultiaddrs().map((address) => address.toString()),
    connectedPeers: host.getPeers().length,
    knownOffers: offers.entries(clock.now()).length,
    provider: provider.owner,
    operator: signer.address,
    models: served.models(),
    engine: engine.stats(),
    inFlight: role.jobs.inFlight,
    slots: provider.slots,
    unredeemed: held.reduce((sum, row) => sum + row.paid - row.redeemed, 0n),
    gateway: gateway?.url ?? '',
    seats: await market.seats(),
    market: stats.counts,
    evidence: evidence.counts,
    accusations: evidence.accusations,
  }
}
