/** What both sides of a running segment count the same way: tokens, chunk chain, steps, money. */
import { firstChunkHash, nextChunkHash, tokenHash } from '@duckmesh/proto'
import type { Hex, Receipt } from '@duckmesh/proto'
import { stepPrice } from '../market/index.ts'
import type { Terms } from './interface.ts'
import type { NumberTerms } from './number-terms.ts'
import { firstStepPrice, nextStepPrice, stepTokensOf } from './price.ts'

/** Identity of a segment that never changes while it runs. */
export interface SegmentFacts {
  jobId: Hex
  segment: number
  payer: Hex
  provider: Hex
  specHash: Hex
  terms: Terms
  /** Order deadline, milliseconds since 1970. */
  deadlineMs: number
  /** Tokens of earlier segments that this one continues from, and their hash. */
  fromToken: number
  prefixHash: Hex
  /** Client, text model: tokens of the prompt as everybody counts them (docs/spec/text-models.md). */
  textPromptTokens?: number
  /** Client, job of numbers: what the answer must be (docs/spec/number-models.md). */
  numbers?: NumberTerms
}

/** Counters of a segment; both sides compute them from the same frames. */
export interface Progress {
  /** Completion token ids delivered so far, prefix not included. */
  ids: readonly number[]
  /** Chunks delivered so far. */
  chunks: number
  /** h_n of the last chunk. */
  chainHash: Hex
  /** Sequence number of the next receipt. */
  seq: number
  /** Tokens that receipts cover. */
  receiptedOut: number
  /** Prompt tokens billed, 0 before the first receipt. */
  tokensIn: number
  /** Sum of receipt amounts, wei. */
  due: bigint
  /** Sum of voucher amounts that belong to the segment, wei. */
  prepaid: bigint
}

export function startProgress(facts: SegmentFacts): Progress {
  return {
    ids: [],
    chunks: 0,
    chainHash: firstChunkHash(facts.jobId, facts.segment),
    seq: 0,
    receiptedOut: 0,
    tokensIn: 0,
    due: 0n,
    prepaid: 0n,
  }
}

/** Progress after one more chunk of token ids. */
export function addChunk(progress: Progress, ids: readonly number[]): Progress {
  return {
    ...progress,
    ids: [...progress.ids, ...ids],
    chunks: progress.chunks + 1,
    chainHash: nextChunkHash(progress.chainHash, ids),
  }
}

/** Tokens delivered that no receipt covers yet. */
export function unreceipted(progress: Progress): number {
  return progress.ids.length - progress.receiptedOut
}

/** Tokens the step that runs now may produce in all. */
export function stepLimit(terms: Terms, progress: Progress): number {
  return Math.min(stepTokensOf(terms), terms.maxTokens - progress.receiptedOut)
}

/** Price in full of the step that follows the receipts so far, wei; 0 when no token may follow. */
export function stepPriceAt(terms: Terms, progress: Progress): bigint {
  return progress.seq === 0 ? firstStepPrice(terms) : nextStepPrice(terms, progress.receiptedOut)
}

/** Whether what is prepaid and not used covers a step that has no receipt yet. */
export function paidForStep(terms: Terms, progress: Progress): boolean {
  const price = stepPriceAt(terms, progress)
  if (stepLimit(terms, progress) <= 0) return false
  return progress.prepaid - progress.due >= price
}

/** What a receipt says besides the identity of its segment. */
export interface Billed {
  /** Prompt tokens; counted in the first receipt only. */
  tokensIn: number
  tokensOut: number
  tokensRoot: Hex
  last: boolean
}

/** The receipt that bills this as the next step of the segment. */
export function receiptOf(facts: SegmentFacts, progress: Progress, billed: Billed): Receipt {
  const tokensIn = progress.seq === 0 ? billed.tokensIn : 0
  const { priceIn, priceOut } = facts.terms
  return {
    jobId: facts.jobId,
    segment: facts.segment,
    item: 0,
    seq: progress.seq,
    payer: facts.payer,
    provider: facts.provider,
    tokensIn,
    tokensOut: billed.tokensOut,
    tokensRoot: billed.tokensRoot,
    traceRoot: ZERO_HASH,
    amount: stepPrice(priceIn, priceOut, tokensIn, billed.tokensOut),
    specHash: facts.specHash,
    last: billed.last,
  }
}

/** The one receipt that is right for the tokens delivered since the last (rule D-12); salted for a member. */
export function buildReceipt(
  facts: SegmentFacts,
  progress: Progress,
  tokensIn: number,
  last: boolean,
  salt?: Uint8Array,
): Receipt {
  const tokensRoot = tokenHash(progress.ids, salt)
  return receiptOf(facts, progress, {
    tokensIn,
    tokensOut: unreceipted(progress),
    tokensRoot,
    last,
  })
}

/** traceRoot while the manifest carries no fingerprints (verification fills it). */
export const ZERO_HASH: Hex = `0x${'00'.repeat(32)}`

/** Progress after a receipt was issued or taken. */
export function addReceipt(progress: Progress, receipt: Receipt): Progress {
  return {
    ...progress,
    seq: progress.seq + 1,
    receiptedOut: progress.receiptedOut + receipt.tokensOut,
    tokensIn: progress.tokensIn + receipt.tokensIn,
    due: progress.due + receipt.amount,
  }
}
