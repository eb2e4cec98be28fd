/** Types of the market layer: offers as kept, candidates of a choice, reasons for a refusal. */
import type { ErrorCode } from '../error-codes.ts'
import type { Envelope, Hex, ModelOffer, Offer } from '@duckmesh/proto'

/** A verified offer of a staked provider, as the book keeps it. */
export interface BookEntry {
  offer: Offer
  /** The peer that signed it: where to send the job. */
  peerKey: Hex
  /** keccak256 of the signed payload: `Award.bidHash` of a direct job (K-5). */
  offerHash: Hex
  /** As received; served as evidence, never re-encoded. */
  envelope: Envelope
  issuedAtMs: number
  seq: number
}

/** One way to run a job: a provider's offer of the wanted model. */
export interface Candidate {
  entry: BookEntry
  model: ModelOffer
}

/** What a provider says about its load when asked. */
export interface Load {
  /** Accepted and unfinished segments. */
  inFlight: number
  slots: number
  /** Recent time per step, ms; 0 when it has none yet. */
  stepMs: number
}

/** What a direct choice is made for. */
export interface DirectNeed {
  modelId: Hex
  /** Prompt tokens, rounded up to a power of two. */
  inBucket: number
  maxTokens: number
  /** Most the job may cost, wei. */
  maxPrice: bigint
  /** Providers not to choose: those that failed this job before. */
  exclude?: readonly Hex[]
}

/** A candidate with its price, cheapest first. */
export interface Priced extends Candidate {
  /** For the whole bucket and all of maxTokens, wei. */
  expectedPrice: bigint
}

/** Why a candidate was not chosen; `code` is of the error registry. */
export interface NotChosen {
  provider: Hex
  peerKey: Hex
  code: ErrorCode
  /** A sentence with the numbers. */
  why: string
}

export interface DirectChoice {
  chosen?: Priced & { load: Load }
  /** Other candidates that could take the job, in order: the backups. */
  backups: readonly (Priced & { load: Load })[]
  why: readonly NotChosen[]
}
