/** Messages of the auction and of the light protocol (SCHEMAS "Market messages"): what the codecs return and take. */
import type {
  ClientBinding,
  Envelope,
  Hello,
  Hex,
  Ping,
  Sealed,
  SignedBidAck,
  SignedJobOrder,
  SignedMatch,
  SignedServiceVoucher,
} from './base-types.ts'

/** Announces a job, in an envelope of the client's peer. `replyKey` is X25519, of this attempt alone. */
export interface JobHeader {
  order: SignedJobOrder
  client: ClientBinding
  replyKey: Hex
  inBucket: number
  maxTokens: number
  attempt: number
}

/** Address of one auction: an attempt at a job. */
export interface AuctionRef {
  jobId: Hex
  attempt: number
}

/** A seat asks a provider for a bid; `header` is the client's envelope. */
export interface Invite {
  header: Envelope
  seat: Hex
  epoch: number
  turn: number
  closesInMs: number
}

/** The seat opened the window. */
export interface HeaderAck extends AuctionRef {
  seat: Hex
  epoch: number
  turn: number
  invited: number
  closesInMs: number
}

/** A bid that only the client can open; the plaintext is an encoded `SignedBid`. */
export interface BidFrame extends AuctionRef {
  provider: Hex
  sealed: Sealed
}

/** A provider declines; `code` is of the registry, `detail` says what it was about. */
export interface Pass extends AuctionRef {
  provider: Hex
  code: string
  detail: string
}

export interface RelayedBid {
  provider: Hex
  sealed: Sealed
}

/** One seat's match with all bids behind it. */
export interface BidSet {
  match: SignedMatch
  bids: RelayedBid[]
}

export interface MatchFrame {
  set: BidSet
  passes: Pass[]
}

/** Seat to bidders: the match and the sorted commitments behind its root. */
export interface MatchNotice {
  match: SignedMatch
  commits: Hex[]
}

/** All that is needed to recompute who won; the first set is the primary one, whose hash the awards name. */
export interface AuctionProof {
  sets: BidSet[]
  /** X25519 secret key of the attempt: opens every bid. */
  replySecret: Hex
  ruleVersion: number
  /** Providers that the client leaves out by its own experience. */
  excluded: Hex[]
  /** Redundant mode: the draw secret of the order. */
  draw?: Hex
  /** keccak256 of the order's audit secret. */
  auditHash?: Hex
}

/** The bids are opened and the seat is paid, when the job is over. */
export interface Openings extends AuctionRef {
  proof: AuctionProof
  /** Awarded providers by segment. */
  winners: Hex[]
  /** Sum of receipts of the job, wei. */
  paid: bigint
  fee?: SignedServiceVoucher
}

export interface MarketRefuse extends AuctionRef {
  code: string
  detail: string
}

export type MarketFrame =
  | { kind: 'hello'; hello: Hello }
  | { kind: 'header'; header: Envelope }
  | { kind: 'ack'; ack: HeaderAck }
  | { kind: 'invite'; invite: Invite }
  | { kind: 'bid'; bid: BidFrame }
  | { kind: 'bidAck'; bidAck: SignedBidAck }
  | { kind: 'pass'; pass: Pass }
  | { kind: 'match'; match: MatchFrame }
  | { kind: 'notice'; notice: MatchNotice }
  | { kind: 'openings'; openings: Openings }
  | { kind: 'refuse'; refuse: MarketRefuse }
  | { kind: 'ping'; ping: Ping }

export interface SeatsRequest {
  id: number
  shard: number
}

/** `silentMs` is the time since its last heartbeat, 2^32 - 1 when none was heard; addresses are hints. */
export interface SeatInfo {
  owner: Hex
  peerKey: Hex
  addresses: string[]
  silentMs: number
}

export interface TurnSeats {
  epoch: number
  turn: number
  seats: SeatInfo[]
}

export interface SeatsResponse {
  id: number
  turns: TurnSeats[]
}

/** Asks a peer to gossip a client's job header. */
export interface Forward {
  id: number
  header: Envelope
}

/** `code` is empty when it was published. */
export interface ForwardResult {
  id: number
  code: string
}

export type LightFrame =
  | { kind: 'hello'; hello: Hello }
  | { kind: 'seatsRequest'; seatsRequest: SeatsRequest }
  | { kind: 'seatsResponse'; seatsResponse: SeatsResponse }
  | { kind: 'forward'; forward: Forward }
  | { kind: 'forwardResult'; forwardResult: ForwardResult }
