/** The checks a provider makes before it serves (rule D-6), cheap ones first. Pure. */
import { isTextModel, limits, tokenHash } from '@duckmesh/proto'
import type { AwardFrame, Hex } from '@duckmesh/proto'
import type { Crypto, NetworkIdentity } from '../components.ts'
import { DuckMeshError } from '../errors.ts'
import type { ErrorCode } from '../error-codes.ts'
import { recoverStruct, structDigest } from '../signed-struct.ts'
import { MAX_JOB_LIFE_MS, MAX_REPLICAS } from './constants.ts'
import type { AuctionRules } from './interface.ts'
import { firstStepPrice, stepTerms } from './price.ts'
import { ZERO_HASH } from './progress.ts'
import type { SegmentFacts } from './progress.ts'

/** Verification modes of DESIGN §9 that this version knows. */
export const MODE_REDUNDANT = 0
export const MODE_REFERENCE = 1

/** A price this provider signed, by the hash of its offer; undefined when unknown or too old. */
export interface QuoteBook {
  find(bidHash: Hex, modelId: Hex): { priceIn: bigint; priceOut: bigint } | undefined
}

export interface AwardContext {
  network: NetworkIdentity
  crypto: Crypto
  quotes: QuoteBook
  /** Absent: auctioned awards are not served. */
  auction?: AuctionRules
  /** This provider's owner address. */
  provider: Hex
  /** Payer that the session's binding proved. */
  payer: Hex
  nowMs: number
}

/**
 * Checks an award frame against everything but the auction it follows, the sealed spec, the channel and the store.
 * Returns the facts of the segment; throws a coded error that becomes the `Refuse`.
 */
export function checkAward(frame: AwardFrame, context: AwardContext): SegmentFacts {
  const { order } = frame.order
  const { award } = frame.award
  const refuse = (code: ErrorCode, what: string): never => {
    throw new DuckMeshError(code, what, { jobId: award.jobId })
  }
  if (order.payer !== context.payer) refuse('AWARD_INVALID', 'The order is by another payer.')
  if (award.provider !== context.provider)
    refuse('AWARD_INVALID', 'The award names another provider.')
  if (structDigest(context.network, 'JobOrder', order) !== award.jobId) {
    refuse('AWARD_INVALID', 'The award is for another order.')
  }
  checkLane(frame, context, refuse)
  checkOrder(frame, context, refuse)
  checkPrefix(frame, refuse)
  if (order.mode === MODE_REDUNDANT) checkMember(frame, refuse)
  if (award.matchHash === ZERO_HASH) checkQuote(frame, context, refuse)
  const facts = factsOf(frame)
  if (award.budget > order.maxPrice)
    refuse('AWARD_INVALID', 'The budget is above the maximum price.')
  if (firstStepPrice(facts.terms) > award.budget)
    refuse('BUDGET', 'The budget does not cover the first step.')
  checkSignatures(frame, context, refuse)
  return facts
}

type Refuse = (code: ErrorCode, what: string) => never

/** An award follows an auction or an offer, never both; what an auction decided is checked later (rule D-23). */
function checkLane(frame: AwardFrame, context: AwardContext, refuse: Refuse): void {
  const isAuctioned = frame.award.award.matchHash !== ZERO_HASH
  if (isAuctioned && context.auction === undefined)
    refuse('NOT_SUPPORTED', 'The auction lane is not served.')
  if (isAuctioned !== (frame.auction !== undefined))
    refuse('AWARD_INVALID', 'The award has a match without its proof, or a proof without a match.')
  const { mode } = frame.order.order
  if (mode === MODE_REDUNDANT && !isAuctioned)
    refuse('NOT_SUPPORTED', 'Redundant jobs are served after an auction only.')
}

function checkOrder(frame: AwardFrame, context: AwardContext, refuse: Refuse): void {
  const {
    order: { order },
    task,
  } = frame
  const { mode, replicas } = order
  const most = mode === MODE_REDUNDANT ? MAX_REPLICAS : mode === MODE_REFERENCE ? 1 : 0
  if (replicas < 1 || replicas > most) {
    refuse('NOT_SUPPORTED', `Mode ${mode} with ${replicas} replicas is not served.`)
  }
  // Rule T-6: nothing that two providers of such a model say can be compared.
  if (mode === MODE_REDUNDANT && isTextModel(order.modelId))
    refuse('NOT_SUPPORTED', 'A model without ids of its own is not served redundantly.')
  if (mode === MODE_REDUNDANT && task !== undefined)
    refuse('NOT_SUPPORTED', 'Numbers of several providers are not compared (rule N-8).')
  const leftMs = order.deadline * 1000 - context.nowMs
  if (leftMs <= 0) refuse('JOB_EXPIRED', 'The order is past its deadline.')
  if (leftMs > MAX_JOB_LIFE_MS) refuse('AWARD_INVALID', 'The deadline is too far away.')
}

function checkPrefix(frame: AwardFrame, refuse: Refuse): void {
  const { fromToken, prefixHash, segment } = frame.award.award
  if (fromToken !== frame.prefixIds.length)
    refuse('AWARD_INVALID', 'The prefix has another length.')
  if (prefixHash !== tokenHash(frame.prefixIds))
    refuse('AWARD_INVALID', 'The prefix has another hash.')
  if (fromToken > 0 && segment === 0)
    refuse('AWARD_INVALID', 'The first segment continues from nothing.')
  if (fromToken >= frame.inBucket)
    refuse('AWARD_INVALID', 'The bucket does not hold the prefix and a prompt.')
  if (frame.maxTokens < 1) refuse('SPEC_INVALID', 'maxTokens is below 1.')
}

/** Members start from nothing, are paid after the fact, and reveal in one frame (rules ). */
function checkMember(frame: AwardFrame, refuse: Refuse): void {
  if (frame.award.award.fromToken > 0)
    refuse('AWARD_INVALID', 'A member of a redundant job starts from nothing.')
  if (frame.voucher !== undefined)
    refuse('AWARD_INVALID', 'A member of a redundant job is not prepaid.')
  if (frame.maxTokens > limits.MAX_REVEAL_IDS)
    refuse('SPEC_INVALID', `maxTokens is above ${limits.MAX_REVEAL_IDS}.`)
}

function checkQuote(frame: AwardFrame, context: AwardContext, refuse: Refuse): void {
  const quote = context.quotes.find(frame.award.award.bidHash, frame.order.order.modelId)
  if (quote === undefined) return refuse('PRICE_MISMATCH', 'The offer is unknown or too old.')
  if (quote.priceIn !== frame.priceIn || quote.priceOut !== frame.priceOut) {
    refuse('PRICE_MISMATCH', 'The award names another price than the offer.')
  }
}

function checkSignatures(frame: AwardFrame, context: AwardContext, refuse: Refuse): void {
  const { crypto, network, payer } = context
  const { order, award } = frame
  if (recoverStruct(crypto, network, 'JobOrder', order.order, order.signature) !== payer) {
    refuse('BAD_SIGNATURE', 'The order is not signed by its payer.')
  }
  if (recoverStruct(crypto, network, 'Award', award.award, award.signature) !== payer) {
    refuse('BAD_SIGNATURE', 'The award is not signed by the payer.')
  }
}

function factsOf(frame: AwardFrame): SegmentFacts {
  const { order } = frame.order
  const { award } = frame.award
  return {
    jobId: award.jobId,
    segment: award.segment,
    payer: order.payer,
    provider: award.provider,
    specHash: order.specHash,
    deadlineMs: order.deadline * 1000,
    fromToken: award.fromToken,
    prefixHash: award.prefixHash,
    terms: {
      priceIn: frame.priceIn,
      priceOut: frame.priceOut,
      inBucket: frame.inBucket,
      maxTokens: frame.maxTokens,
      ...stepTerms(frame.task),
      budget: award.budget,
    },
  }
}
