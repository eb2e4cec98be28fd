/** What a client of the auction needs from its surroundings. */
import type { AuctionRef, Envelope, HeaderAck, Hex, MatchFrame, Openings } from '@duckmesh/proto'

/** Where a seat can be reached; addresses are hints. */
export interface SeatAddress {
  owner: Hex
  peerKey: Hex
  addresses: readonly string[]
}

/** Finds the seats of this turn. */
export interface SeatSource {
  /** Best first, silent ones last, checked against the chain. Rejects with CHAIN_UNREACHABLE, NO_PEERS or CANCELLED. */
  seats(shard: number, signal: AbortSignal): Promise<readonly SeatAddress[]>
}

/** A header at one seat; both promises reject with what the seat refused it with, or STREAM_CLOSED. */
export interface HeaderRun {
  ack: Promise<HeaderAck>
  match: Promise<MatchFrame>
  /** Forgets it: later answers are dropped. */
  cancel(): void
}

/** The client's end of a market stream. */
export interface SeatSession {
  readonly closed: boolean
  header(envelope: Envelope, ref: AuctionRef): HeaderRun
  openings(openings: Openings): Promise<void>
}

/** Kept streams to seats. */
export interface SeatSessions {
  /** An open session, a kept one when there is one. Rejects with NO_PEERS and the like. */
  to(seat: SeatAddress, signal: AbortSignal): Promise<SeatSession>
}

/** Brings a header to gossip, so that providers whom no seat invites can bid. */
export interface HeaderForwarder {
  forward(envelope: Envelope, shard: number): Promise<void>
}
