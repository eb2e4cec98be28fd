/** Terms as the JSON text that a segment row keeps. */
import type { Terms } from './interface.ts'

/** Amounts become decimal strings, so that nothing is rounded. */
export function encodeTerms(terms: Terms): string {
  const { priceIn, priceOut, inBucket, maxTokens, budget } = terms
  return JSON.stringify({
    priceIn: `${priceIn}`,
    priceOut: `${priceOut}`,
    inBucket,
    maxTokens,
    budget: `${budget}`,
  })
}
