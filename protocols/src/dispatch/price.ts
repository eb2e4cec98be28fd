/** What steps and whole segments cost (SCHEMAS "Money of a job"); wei. */
import type { NumberTask } from '@duckmesh/proto'
import { stepPrice } from '../market/index.ts'
import { STEP_NUMBERS, STEP_TOKENS } from './constants.ts'
import type { Terms } from './interface.ts'

/** Tokens of a full step: the most a client is ahead of the provider. */
export function stepTokensOf({ stepTokens = STEP_TOKENS }: Pick<Terms, 'stepTokens'>): number {
  return stepTokens
}

/** How a job of this task departs from the steps of a chat. */
export function stepTerms(task: NumberTask | undefined): Pick<Terms, 'stepTokens'> {
  return task === undefined ? {} : { stepTokens: STEP_NUMBERS }
}

/** Price of the first step before it runs: the whole prompt bucket and the first tokens out. */
export function firstStepPrice(terms: Terms): bigint {
  const out = Math.min(stepTokensOf(terms), terms.maxTokens)
  return stepPrice(terms.priceIn, terms.priceOut, terms.inBucket, out)
}

/** Price of a full next step after `tokensOut` tokens of the segment; 0 when none may follow. */
export function nextStepPrice(terms: Terms, tokensOut: number): bigint {
  const out = Math.min(stepTokensOf(terms), terms.maxTokens - tokensOut)
  return out <= 0 ? 0n : stepPrice(terms.priceIn, terms.priceOut, 0, out)
}

/** The most a segment can cost: every step full, each rounded up by itself. */
export function segmentPriceCap(terms: Terms): bigint {
  let total = firstStepPrice(terms)
  const step = stepTokensOf(terms)
  for (let out = step; out < terms.maxTokens; out += step) {
    total += nextStepPrice(terms, out)
  }
  return total
}
