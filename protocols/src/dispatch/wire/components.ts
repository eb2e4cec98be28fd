/** What the two drivers of the job protocol need from their node. */
import type { Hex } from '@duckmesh/proto'
import type {
  Clock,
  Crypto,
  Logger,
  NetworkIdentity,
  Rng,
  Signer,
  Unsealer,
} from '../../components.ts'
import type { QuoteBook } from '../check-award.ts'
import type { AuctionRules, ClientPayments, JobState } from '../interface.ts'
import type { ProviderPayments, StepEngine } from '../interface.ts'
import type { JobLog, NonceStore } from '../store.ts'

export interface JobServerComponents {
  clock: Clock
  crypto: Crypto
  /** Salts of commitments. */
  rng: Rng
  network: NetworkIdentity
  /** Owner address under which this node serves. */
  provider: Hex
  /** The operator's key. */
  signer: Signer
  unsealer: Unsealer
  engine: StepEngine
  payments: ProviderPayments
  jobLog: JobLog
  quotes: QuoteBook
  /** Absent: awards that follow an auction are refused with NOT_SUPPORTED. */
  auction?: AuctionRules
  logger: Logger
}

export interface JobServerInit {
  /** Segments served at a time; more are answered with Busy. */
  slots: number
  /** Tokens that come within this time share a chunk, ms; GATHER_MS when left out, 0 for a chunk per group. */
  gatherMs?: number
  /** Called whenever a segment enters a state; for status and metrics. */
  onState?: (segment: { jobId: Hex; segment: number; payer: Hex; state: JobState }) => void
}

export interface JobClientComponents {
  clock: Clock
  crypto: Crypto
  rng: Rng
  network: NetworkIdentity
  /** The payer's key. */
  signer: Signer
  payments: ClientPayments
  jobLog: JobLog
  nonces: NonceStore
  logger: Logger
}
