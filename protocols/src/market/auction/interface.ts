/** Types of the auction rules: bids as opened, the choice made of them, and what is asked of the chain. */
import type { ErrorCode } from '../../error-codes.ts'
import type { Envelope, Hex, JobHeader, Match, Sealed, SignedBid } from '@duckmesh/proto'

/** Who signs for an owner, as the chain shows it; `unknown` while the view is stale. */
export interface OperatorView {
  /** Operator of an active provider, `null` when there is none. */
  operatorOf(provider: Hex): Promise<Hex | null | 'unknown'>
}

/** A seat in the turn for which it acts. */
export interface SeatTurn {
  seat: Hex
  epoch: number
  turn: number
}

/** A relayed bid after opening and judging. It counts when `code` is absent; the other fields are then set. */
export interface OpenedBid {
  provider: Hex
  bid?: SignedBid
  /** EIP-712 digest of the bid. */
  bidHash?: Hex
  /** Expected price of the job, wei (K-60). */
  price?: bigint
  /** Lower wins (K-61). */
  score?: bigint
  /** Why it does not count. */
  code?: ErrorCode
  /** The same as a sentence with the numbers. */
  why?: string
}

/** A verified match with its opened bids. */
export interface OpenedSet {
  match: Match
  /** EIP-712 digest of the match. */
  matchHash: Hex
  bids: readonly OpenedBid[]
}

/** A bid that counts, at its place. */
export interface RankedBid {
  provider: Hex
  bid: SignedBid
  bidHash: Hex
  score: bigint
  price: bigint
  role: 'winner' | 'member' | 'backup'
}

/** A bid that does not count and why. */
export interface LeftBid {
  provider: Hex
  code: ErrorCode
  why: string
  price?: bigint
  score?: bigint
}

/** Who gets the job: `ranked` by place; segment s may go to place p <= s (K-66). */
export interface Choice {
  ranked: readonly RankedBid[]
  left: readonly LeftBid[]
  /** Of the primary set, as are seat, epoch and turn. */
  matchHash: Hex
  seat: Hex
  epoch: number
  turn: number
}

/** What the draw of a redundant job's members needs beside the bids. */
export interface MemberDraw {
  /** The order's draw secret. */
  draw: Hex
  /** Seed of the primary match's epoch. */
  seed: Hex
  shard: number
  /** Stake of every candidate at that epoch, wei; a candidate without weight cannot win the stake race. */
  weights: ReadonlyMap<Hex, bigint>
}

/** What a provider keeps of its bid until the job's deadline. */
export interface OwnBid {
  header: JobHeader
  signed: SignedBid
  sealed: Sealed
  /** Where it was sent, in order. */
  seats: readonly SeatTurn[]
}

/** A provider's bids; found again after a restart. */
export interface BidStore {
  /** On disk when it resolves. */
  save(jobId: Hex, bid: OwnBid): Promise<void>
  find(jobId: Hex, attempt: number): Promise<OwnBid | undefined>
}

/** Keeps small records until they expire; nodes bring a store on disk. */
export interface RecordStore {
  /** On disk when it resolves. */
  save(key: string, bytes: Uint8Array, expiryMs: number): Promise<void>
  find(key: string): Promise<Uint8Array | undefined>
}

/** A verified job header as it travels. */
export interface HeaderInHand {
  header: JobHeader
  jobId: Hex
  envelope: Envelope
}
