import { BID_LIFE_S } from './constants.ts'
import { bidPrice, priceCap } from './score.ts'
import type { ErrorCode } from '../../error-codes.ts'
import type { Load } from '../interface.ts'
import type { Bid, Hex, JobHeader, ModelOffer } from '@duckmesh/proto'

/** What a provider asks for a model. */
export type Quote = Pick<ModelOffer, 'priceIn' | 'priceOut' | 'contextLength' | 'numbers'>

/** What a bid depends on. */
export interface BidNeed {
  header: JobHeader
  jobId: Hex
  /** Owner address of the bidder. */
  provider: Hex
  /** Absent when it does not serve the model. */
  quote: Quote | undefined
  load: Load
  /** Modes that it serves. */
  modes: readonly number[]
  /** What the payer's channel covers now, wei. */
  covered: bigint
  /** ms since 1970. */
  now: number
}

/** A bid to sign, or why there is none. */
export type BidDecision =
  { kind: 'bid'; bid: Bid } | { kind: 'pass'; code: ErrorCode; detail: string }

/** Whether a provider bids and what (K-57). Pure. */
export function decideBid(need: BidNeed): BidDecision {
  const { header, quote, load } = need
  const { order } = header.order
  if (!need.modes.includes(order.mode)) return pass('NOT_SUPPORTED', `mode ${order.mode}`)
  if (quote === undefined) return pass('MODEL_NOT_FOUND', order.modelId)
  const misfit = misfitOf(header.maxTokens, quote)
  if (misfit !== undefined) return misfit
  if (load.inFlight >= load.slots) {
    return pass('PROVIDER_BUSY', `${load.inFlight} of ${load.slots} slots are taken`)
  }
  const price = bidPrice(quote, header)
  const cap = priceCap(header)
  if (price > cap) return pass('PRICE_ABOVE_CAP', `asks ${price} wei, the cap is ${cap} wei`)
  return { kind: 'bid', bid: bidOf(need, quote, price) }
}

/** Of a model of numbers maxTokens counts numbers, and each text is held against the context by itself (N-2). */
function misfitOf(maxTokens: number, { contextLength, numbers }: Quote): BidDecision | undefined {
  if (numbers === undefined && maxTokens >= contextLength) {
    return pass('PROMPT_TOO_LONG', `context ${contextLength} tokens`)
  }
  if (numbers !== undefined && maxTokens % numbers.width !== 0) {
    return pass('SPEC_INVALID', `${numbers.width} numbers a text`)
  }
  return undefined
}

function bidOf(need: BidNeed, quote: Quote, price: bigint): Bid {
  const { header, jobId, provider, load, covered, now } = need
  return {
    jobId,
    attempt: header.attempt,
    provider,
    priceIn: quote.priceIn,
    priceOut: quote.priceOut,
    etaMs: etaMs(load),
    funding: covered >= price ? 0 : 1,
    expiry: Math.min(header.order.order.deadline, Math.floor(now / 1_000) + BID_LIFE_S),
  }
}

/** Time to the first step, longer the more slots are taken: what runs shares the machine. */
function etaMs({ inFlight, slots, stepMs }: Load): number {
  return Math.ceil(stepMs * (1 + inFlight / slots))
}

function pass(code: ErrorCode, detail: string): BidDecision {
  return { kind: 'pass', code, detail }
}
