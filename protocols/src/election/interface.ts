/** What the election is asked, and what it asks the chain (docs/spec/election.md). */
import type { Hex } from '@duckmesh/proto'
import type { TurnClock } from './turn-clock.ts'
import type { TurnId } from './turn-id.ts'

/** The chain as a full node reads it. Both methods reject with CHAIN_UNREACHABLE when there is no fresh view. */
export interface ElectionPort {
  /** `seed_e`; 32 bytes. It is fixed from the middle of the epoch before (rule E-5). */
  seed(epoch: number): Promise<Hex>
  /** Owner to weight, wei; only owners whose weight is above zero (rule E-3). */
  weights(epoch: number): Promise<ReadonlyMap<Hex, bigint>>
}

/** The chain as a light client reads it: one owner at a time, the names come from peers (rule E-12). */
export interface WeightPort {
  /** As in `ElectionPort`. */
  seed(epoch: number): Promise<Hex>
  /** Weight of one owner, wei, 0 when it has none. Rejects with CHAIN_UNREACHABLE. */
  weight(owner: Hex, epoch: number): Promise<bigint>
}

/** Who holds the seats; the port that market and dispatch use. Every promise rejects with CHAIN_UNREACHABLE. */
export interface SeatView {
  readonly turnClock: TurnClock
  /** At most seven owners of a shard by rank, the front seat first. */
  seats(shard: number, id: TurnId): Promise<Hex[]>
  seed(epoch: number): Promise<Hex>
  /** Weight of an owner, wei, 0 when it has none. */
  weight(owner: Hex, epoch: number): Promise<bigint>
}

/** A seat and where its peer listens. */
export interface SeatPeer {
  owner: Hex
  peerKey: Hex
  /** Multiaddrs, hints only: the peer key is what counts. */
  addresses: string[]
}

/** Where a client finds the seats of the running turn. */
export interface SeatSource {
  /**
   * Seats by rank, those taken for silent last.
   *
   * Rejects with SEATS_UNREACHABLE when nobody tells, CHAIN_UNREACHABLE when nothing can be checked, CANCELLED.
   */
  seats(shard: number, signal: AbortSignal): Promise<{ id: TurnId; seats: SeatPeer[] }>
}
