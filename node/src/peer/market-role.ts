/** The market role: this node's bids, and the seats that the election gives it. */
import { marketFrameCodec, shardOf } from '@duckmesh/protocols'
import type { Clock, Hex, Logger, MarketFrame, NetworkIdentity } from '@duckmesh/protocols'
import type { Crypto, ReplyKeys, Rng, Signer } from '@duckmesh/protocols'
import { LightServer, SeatWatch } from '@duckmesh/protocols/election'
import type { SeatView } from '@duckmesh/protocols/election'
import type { AuctionRules } from '@duckmesh/protocols/dispatch'
import { MarketServer, OwnBids, checkAuctionAward } from '@duckmesh/protocols/market'
import type { EvidenceStore, Load, OfferBook } from '@duckmesh/protocols/market'
import type { OperatorView, OwnPrices, SeatFees } from '@duckmesh/protocols/market'
import {
  LIGHT_PROTOCOL,
  MARKET_PROTOCOL,
  acceptSession,
  buildHello,
} from '@duckmesh/protocols/mesh'
import { codedError, frameStream, hostLimits } from '@duckmesh/protocols/mesh'
import type { BindingBook, Funding, GossipDriver, GossipHandlers } from '@duckmesh/protocols/mesh'
import type { StakeView } from '@duckmesh/protocols/mesh'
import type { SettlementPort } from '@duckmesh/protocols/settlement'
import { endAll } from '@duckmesh/sdk'
import type { Connection, Stream } from '@libp2p/interface'
import type { PeerHost } from '../host/index.ts'
import type { NodeStore } from '../storage/index.ts'
import { LedgerCapacity } from './channel-capacity.ts'
import { HeartbeatLoop } from './heartbeat-loop.ts'
import type { SeatStatus } from './interface.ts'
import { HostDialer } from './market-dialer.ts'
import { StoredRecords } from './market-records.ts'
import { CountedBidder } from './market-stats.ts'
import type { MarketStats } from './market-stats.ts'
import type { OwnBinding } from './own-binding.ts'
import { GossipDirectory } from './seat-directory.ts'
import type { ServedModels } from './served-models.ts'

/** Shortest window for bids, ms, and the most invited providers (SCHEMAS "Durations", "Auction"). */
const LOCAL_MARKET = { windowMinMs: 30, maxInvited: 8 }
const PUBLIC_MARKET = { windowMinMs: 150, maxInvited: 30 }

export interface MarketRoleComponents {
  binding: OwnBinding
  bindings: BindingBook
  clock: Clock
  crypto: Crypto
  /** Keeps what seats signed against themselves. */
  evidence: EvidenceStore
  fees: SeatFees
  funding: Funding
  gossip: GossipDriver
  host: PeerHost
  logger: Logger
  network: NetworkIdentity
  offers: OfferBook
  operators: OperatorView
  /** Ed25519 key of this node. */
  peerKey: Hex
  /** Channel reads. */
  port: Pick<SettlementPort, 'channel'>
  prices: OwnPrices
  load: () => Load
  provider: Hex
  replyKeys: ReplyKeys
  rng: Rng
  served: Pick<ServedModels, 'models'>
  signer: Signer
  stake: StakeView
  stats: MarketStats
  store: NodeStore
  view: SeatView
}

export class MarketRole {
  /** Awards of auctioned jobs are checked against the bids made here. */
  readonly auction: AuctionRules
  readonly #components: MarketRoleComponents
  readonly #directory: GossipDirectory
  readonly #watch: SeatWatch
  readonly #market: MarketServer
  readonly #light: LightServer
  readonly #heartbeats: HeartbeatLoop

  constructor(components: MarketRoleComponents, init: { local: boolean }) {
    const { clock, provider, store, view } = components
    this.#components = components
    this.#watch = new SeatWatch({ clock, view })
    const self = { provider, peerKey: components.peerKey }
    this.#directory = new GossipDirectory({ ...components, self })
    const bids = new OwnBids({ records: new StoredRecords(store.records, 'bid') })
    const rules = { ...components, seats: view, bids }
    this.auction = { check: (frame) => checkAuctionAward(frame, rules, provider) }
    this.#market = this.#createMarket(bids, init.local ? LOCAL_MARKET : PUBLIC_MARKET)
    this.#light = this.#createLight()
    this.#heartbeats = new HeartbeatLoop({
      ...components,
      watch: this.#watch,
      shards: () => this.#shards(),
      matchesOf: (shard, id) => this.#market.matchesOf(shard, id),
      onFront: (shard) => {
        this.#market.warm(shard)
      },
    })
  }

  /** What gossip brings this role. */
  get handlers(): Pick<GossipHandlers, 'heartbeat' | 'jobHeader'> {
    return {
      heartbeat: (heartbeat, peerKey, shard) => {
        this.#watch.heard(shard, heartbeat)
        this.#directory.learn(heartbeat.seat, peerKey)
      },
      jobHeader: (received) => {
        this.#components.stats.heard(received.jobId, received.header.attempt)
        this.#market.heard(received)
      },
    }
  }

  async start(): Promise<void> {
    const { host } = this.#components
    const limits = hostLimits('peer').protocolStreams
    await host.handle(MARKET_PROTOCOL, this.#serveMarket, limits)
    await host.handle(LIGHT_PROTOCOL, this.#light.handle, limits)
    this.#heartbeats.start()
  }

  async stop(): Promise<void> {
    const { host } = this.#components
    this.#heartbeats.stop()
    await endAll([
      () => host.unhandle([MARKET_PROTOCOL, LIGHT_PROTOCOL]),
      () => this.#market.stop(),
    ])
  }

  /** The seats of this node now, in shards that somebody serves. Rejects with CHAIN_UNREACHABLE. */
  async seats(): Promise<SeatStatus> {
    const { provider, view } = this.#components
    const id = view.turnClock.now()
    const ranks = await Promise.all(
      this.#shards().map(async (shard) => {
        return { shard, rank: (await view.seats(shard, id)).indexOf(provider) }
      }),
    )
    return { ...id, ranks: ranks.filter(({ rank }) => rank >= 0) }
  }

  #shards(): number[] {
    const { clock, offers } = this.#components
    const models = offers.entries(clock.now()).flatMap(({ offer }) => offer.models)
    return [...new Set(models.map(({ modelId }) => shardOf(modelId)))].sort((a, b) => a - b)
  }

  #createMarket(bids: OwnBids, init: typeof LOCAL_MARKET): MarketServer {
    const { stats, store } = this.#components
    const shared = { ...this.#components, bids }
    const capacity = new LedgerCapacity({ ...shared, ledger: store.ledger })
    const bidder = new CountedBidder({ ...shared, capacity })
    const records = new StoredRecords(store.records, 'match')
    const dialer = new HostDialer(this.#components)
    return new MarketServer(
      {
        ...shared,
        bidder,
        dialer,
        onMatch: () => {
          stats.matched()
        },
        records,
        watch: this.#watch,
      },
      init,
    )
  }

  #createLight(): LightServer {
    const { binding, gossip, network, provider } = this.#components
    return new LightServer({
      ...this.#components,
      directory: this.#directory,
      forward: (header, caller) => gossip.forward(header, caller),
      hello: () => buildHello(network, { peer: binding.current }),
      self: provider,
      watch: this.#watch,
    })
  }

  readonly #serveMarket = async (stream: Stream, connection: Connection): Promise<void> => {
    const { binding, clock, logger, network } = this.#components
    const { remotePeer } = connection
    const frames = frameStream({ stream, remotePeer, codec: marketFrameCodec, clock })
    try {
      const answer = (): ReturnType<typeof buildHello> =>
        buildHello(network, { peer: binding.current })
      const session = await acceptSession<MarketFrame>(frames, answer, this.#components, {
        expect: 'any',
      })
      await this.#market.serve(session)
    } catch (error) {
      const { code } = codedError(error, 'STREAM_CLOSED', 'The market stream ended.')
      logger.debug('market.stream_ended', { code })
    }
  }
}
