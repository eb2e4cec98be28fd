/** What steps and whole segments cost (SCHEMAS "Money of a job"); wei. */
import { stepPrice } from '../market/index.ts'
import { STEP_TOKENS } from './constants.ts'
import type { Terms } from './interface.ts'

/** Price of the first step before it runs: the whole prompt bucket and the first tokens out. */
export function firstStepPrice(terms: Terms): bigint {
  const out = Math.min(STEP_TOKENS, terms.maxTokens)
  return stepPrice(terms.priceIn, terms.priceOut, terms.inBucket, out)
}

/** Price of a full next step after `tokensOut` tokens of the segment; 0 when none may follow. */
export function nextStepPrice(terms: Terms, tokensOut: number): bigint {
  const out = Math.min(STEP_TOKENS, terms.maxTokens - tokensOut)
  return out <= 0 ? 0n : stepPrice(terms.priceIn, terms.priceOut, 0, out)
}

/** The most a segment can cost: every step full, each rounded up by itself. */
export function segmentPriceCap(terms: Terms): bigint {
  let total = firstStepPrice(terms)
  for (let out = STEP_TOKENS; out < terms.maxTokens; out += STEP_TOKENS) {
    total += nextStepPrice(terms, out)
  }
  return total
}
