/** A running peer as its process, a test or a launcher sees it. */
import type { Hex } from '@duckmesh/protocols'
import type { ProofCounts } from '@duckmesh/protocols/evidence'
import type { JobState } from '@duckmesh/protocols/dispatch'
import type { Redemption } from '@duckmesh/protocols/settlement'
import type { Accusation } from '../chain/index.ts'
import type { EngineStats, ModelInfo } from '../engine/index.ts'

/** A segment that entered a state; what status lines and metrics are made of. */
export interface SegmentNotice {
  jobId: Hex
  segment: number
  payer: Hex
  state: JobState
}

export interface PeerStatus {
  peerId: string
  addresses: string[]
  connectedPeers: number
  /** Live offers of the network that this peer knows, its own included. */
  knownOffers: number
  /** Owner address under which this peer serves. */
  provider: Hex
  operator: Hex
  models: ModelInfo[]
  /** Counters of the own engine since the start; what runs behind endpoints is not in them. */
  engine: EngineStats
  inFlight: number
  slots: number
  /** Wei in vouchers that the chain has not paid yet, fees of seats included. */
  unredeemed: bigint
  /** Where its HTTP gateway listens. */
  gateway: string
  seats: SeatStatus
  market: MarketCounts
  /** Proofs of faults of others that this peer keeps. */
  evidence: ProofCounts
  /** Disputes and slashes of this provider, newest first. */
  accusations: Accusation[]
}

/** The seats of this peer in the running turn. */
export interface SeatStatus {
  epoch: number
  turn: number
  /** In shards that somebody offers a model of; rank 0 is the front seat. */
  ranks: { shard: number; rank: number }[]
}

/** What the market did with this peer since it started; counts by code of the error registry. */
export interface MarketCounts {
  /** Job headers heard by gossip or invitation. */
  heard: number
  bids: number
  passes: Record<string, number>
  /** Awards accepted. */
  won: number
  /** Bids that got no award by the openings: OUTBID, or NOT_AWARDED when nobody got one. */
  lost: Record<string, number>
  /** Awards refused. */
  refusals: Record<string, number>
  /** Matches signed as a seat. */
  matches: number
}

export interface RunningPeer {
  status(): Promise<PeerStatus>
  /** Redeems what is held now. Resolves to the transactions. */
  redeem(): Promise<Redemption[]>
  /** Takes no more jobs, ends what runs, keeps every voucher, leaves the mesh. */
  stop(): Promise<void>
}
