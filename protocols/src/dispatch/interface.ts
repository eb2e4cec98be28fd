/** Types of the dispatch rules: states, terms, events, effects and the ports the drivers use. */
import type { ErrorCode } from '../error-codes.ts'
import type { AwardFrame, Hex, JobSpec, SignedVoucher, VoucherFrame } from '@duckmesh/proto'

/**
 * Lifecycle of a job as both sides name it (DESIGN §5). `posted` to `running` have deadlines; the last
 * five are terminal. `disputed` is a whole job's: its members gave unequal answers and nothing decided yet.
 */
export type JobState =
  | 'posted'
  | 'awarded'
  | 'accepted'
  | 'running'
  | 'completed'
  | 'finalized'
  | 'expired'
  | 'cancelled'
  | 'failed'
  | 'disputed'

export const TERMINAL_STATES: readonly JobState[] = [
  'finalized',
  'expired',
  'cancelled',
  'failed',
  'disputed',
]

/** What one segment costs; prices in wei per 1 000 tokens, fixed from award to end. */
export interface Terms {
  priceIn: bigint
  priceOut: bigint
  /** Upper bound of prompt tokens (prefix included for a resumed segment). */
  inBucket: number
  maxTokens: number
  /** Tokens a step; STEP_TOKENS when left out (rule N-4). */
  stepTokens?: number
  /** Most this segment may cost in all, wei. */
  budget: bigint
}

/** How the text of a job ended. */
export type FinishReason = 'stop' | 'length' | 'cancelled'

export interface JobFailure {
  code: ErrorCode
  detail: string
}

/** How long a client waits for a provider, milliseconds. */
export interface ClientTimeouts {
  /** From the award to its answer. */
  acceptMs: number
  /** Silence between the accept and the first token (redundant mode: the first receipt). */
  firstTokenMs: number
  /** Silence after the first token. */
  stallMs: number
  /** Redundant mode: from the last voucher to the reveal. */
  revealMs: number
}

/**
 * Provider side port to the auction (implemented to the left, in market): recomputes who won from the proof in the
 * award. Resolves to the unit prices of this provider's own bid; rejects with CHOICE_WRONG, MATCH_INVALID,
 * STALE_SEAT, BID_INVALID or PRICE_MISMATCH.
 */
export interface AuctionRules {
  check(frame: AwardFrame): Promise<{ priceIn: bigint; priceOut: bigint }>
}

/** Client side port to the channel accounting (implemented in settlement). */
export interface ClientPayments {
  /**
   * Reserves and signs so that `amount` wei of the channel belong to this job, credit used first; durable
   * before it returns. Rejects with ALLOTMENT_EXCEEDED or BALANCE_INSUFFICIENT when not covered.
   */
  pay(jobId: Hex, segment: number, amount: bigint): Promise<VoucherFrame>
  /** Books a verified receipt of this job. */
  receipted(jobId: Hex, segment: number, amount: bigint): Promise<void>
  /** The job ended and both sides agree: what it prepaid and did not use becomes credit. */
  close(jobId: Hex, segment: number): Promise<void>
  /**
   * The job ended and the provider may still bill a paid step: what is left over stays reserved until the
   * provider's next hello tells what it billed (rule S-7).
   */
  leave(jobId: Hex, segment: number): Promise<void>
}

/** Provider side port to the channel accounting (implemented in settlement). */
export interface ProviderPayments {
  /** Checks a voucher frame against chain capacity and earlier vouchers; resolves to the job's prepaid total. Rejects with VOUCHER_INVALID or ALLOTMENT_EXCEEDED. */
  accept(frame: VoucherFrame): Promise<bigint>
  receipted(payer: Hex, jobId: Hex, segment: number, amount: bigint): Promise<void>
  close(payer: Hex, jobId: Hex, segment: number): Promise<void>
  /** For the hello: highest voucher held, and receipts plus what running segments hold (rule S-7). */
  standing(payer: Hex): Promise<{ lastVoucher?: SignedVoucher; due: bigint }>
}

/** One provider's view of a request it runs; the engine implements it. */
export interface StepEngine {
  /**
   * Tokenises and reserves; rejects with PROMPT_TOO_LONG, SPEC_INVALID, MODEL_NOT_FOUND or ENGINE_BUSY. Payers get a
   * fair share of the engine, and none can tell from its speed what another one asked.
   */
  open(
    modelId: Hex,
    spec: JobSpec,
    prefixIds: readonly number[],
    signal: AbortSignal,
    payer: Hex,
  ): Promise<OpenGeneration>
}

export interface OpenGeneration {
  /** Tokens of the prompt, prefix included. */
  readonly tokensIn: number
  /** Generates at most `maxTokens` tokens and stops; returns why, or null when the step limit was reached. */
  step(maxTokens: number, signal: AbortSignal): AsyncGenerator<TokenGroup, StepFinish>
  close(): void
}

export interface TokenGroup {
  ids: number[]
  text: string
}

export interface StepFinish {
  finishReason: 'stop' | 'length' | null
}
