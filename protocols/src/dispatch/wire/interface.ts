/** What the two drivers of a whole job are given, tell and result in; the ports they use. */
import type { AuctionProof, Hex, Receipt } from '@duckmesh/proto'
import type { Clock, Crypto, Logger, NetworkIdentity, Signer } from '../../components.ts'
import type { ClientTimeouts, FinishReason, JobFailure, JobState } from '../interface.ts'
import type { NumberTerms } from '../number-terms.ts'
import type { SignedOrder } from '../order.ts'
import type { SaltedSpec } from '../spec.ts'
import type { StateAt } from '../store.ts'
import type { ClientRunEvent } from './client-run.ts'
import type { JobConnection } from './job-connection.ts'

/** A provider that may be awarded, with its own prices in wei per 1 000 tokens. */
export interface Place {
  provider: Hex
  /** Hash of its bid; on the direct lane of its offer. */
  bidHash: Hex
  priceIn: bigint
  priceOut: bigint
}

/** A job as ordered and matched. */
export interface JobPlan {
  order: SignedOrder
  spec: SaltedSpec
  /** Bound of the prompt's tokens, and tokens of the whole answer, as the header says. */
  inBucket: number
  maxTokens: number
  /** Present when the answer is numbers: then maxTokens counts them. */
  numbers?: NumberTerms
  /** Hash of the primary match; 32 zero bytes on the direct lane. */
  matchHash: Hex
  /** Goes into every award; absent on the direct lane. */
  proof?: AuctionProof
  /** Winner or members first, then backups. Place p gets the award of segment `firstSegment + p`. */
  ranked: readonly Place[]
  /** After a re-match: segments below are used. */
  firstSegment?: number
  /** After a re-match: wei of maxPrice that earlier segments may cost. */
  committed?: bigint
}

/** Opens or reuses the job stream to a provider. */
export interface ProviderConnector {
  /** Rejects with the code that says why the provider is not reached; nothing is paid then. */
  to(provider: Hex, signal: AbortSignal): Promise<JobConnection>
}

export interface JobComponents {
  clock: Clock
  connector: ProviderConnector
  crypto: Crypto
  logger: Logger
  network: NetworkIdentity
  /** The payer's key. */
  signer: Signer
}

export interface JobInit {
  /** Ends the job as `cancel` does. */
  signal?: AbortSignal
  /** Instead of the defaults, while another place is left. */
  withBackup?: Partial<ClientTimeouts>
  /** Instead of the defaults, at the last place. */
  alone?: Partial<ClientTimeouts>
}

/** Facts of a job in the order they happened; each names its segment and provider. */
export type JobEvent = JobEventBody & { segment: number; provider: Hex }

export type JobEventBody =
  /** `state` is the segment's; `text` is shown to the user, in redundant mode only after agreement. */
  | ClientRunEvent
  /** The job as a whole entered a state. */
  | { type: 'job'; state: JobState; atMs: number }
  | { type: 'award'; place: Place; fromToken: number; budget: bigint; atMs: number }
  /** Redundant mode: the answer of one member, after every commitment is in. */
  | { type: 'reveal'; ids: readonly number[]; text: string; salt: Hex }
  | { type: 'segmentEnd'; outcome: SegmentOutcome; atMs: number }

/** How one awarded segment ended. */
export interface SegmentOutcome {
  segment: number
  provider: Hex
  state: JobState
  failure?: JobFailure
  /** Wei: sum of the receipt amounts that are paid. */
  paid: bigint
  /** Wei prepaid that the provider may still bill (rule S-7); 0 when both sides agree. */
  inDoubt: bigint
  /** Completion ids and text of this segment; in redundant mode empty until the reveal. */
  ids: readonly number[]
  text: string
  receipts: readonly Receipt[]
  finishReason: FinishReason | null
  /** Tokens of earlier segments that it continued from. */
  fromToken: number
  /** Prompt tokens billed, prefix included. */
  tokensIn: number
  priceIn: bigint
  priceOut: bigint
  budget: bigint
  /** Redundant mode: what opens the commitments, once it was revealed. */
  salt?: Hex
  states: readonly StateAt[]
}

/** How a whole job ended. */
export interface JobOutcome {
  jobId: Hex
  state: JobState
  failure?: JobFailure
  /** In the order of their awards, those that failed included. */
  segments: readonly SegmentOutcome[]
  /** What was delivered; in redundant mode the agreed answer, else empty. */
  text: string
  ids: readonly number[]
  finishReason: FinishReason | null
  /** Wei over all segments. */
  paid: bigint
  /** Wei over all segments that `paid` may still grow by. */
  inDoubt: bigint
  /** Redundant mode: whether all members gave the same ids; null when not all revealed, and in mode 1. */
  agreed: boolean | null
  /** Tokens of the prompt alone, 0 when nobody said. */
  tokensIn: number
  /** States of the job as a whole. */
  states: readonly StateAt[]
  /** The first segment number that a re-match may use. */
  nextSegment: number
}
