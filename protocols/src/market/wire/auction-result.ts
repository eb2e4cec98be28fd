/** What an auction brought its client: the choice, and everything that shows how it came about. */
import type { Choice } from '../auction/interface.ts'
import type { SeatAddress } from './client-ports.ts'
import type { SeatAck } from './seat-attempt.ts'
import type { SeatFailure } from './seat-race.ts'
import type { AuctionProof, BidSet, Hex, JobHeader, Pass } from '@duckmesh/proto'

export interface AuctionResult {
  jobId: Hex
  header: JobHeader
  choice: Choice
  /** Goes with every award. */
  proof: AuctionProof
  sets: readonly BidSet[]
  acks: readonly SeatAck[]
  /** Seats that were asked beside, and made no match. */
  failures: readonly SeatFailure[]
  passes: readonly Pass[]
  /** From the sent header to the made choice, ms. */
  auctionMs: number
  /** Seats that ran it: they get the openings. */
  seats: readonly SeatAddress[]
}
