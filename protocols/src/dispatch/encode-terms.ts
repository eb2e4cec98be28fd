/** Terms as the JSON text that a segment row keeps. */
import type { AwardFrame } from '@duckmesh/proto'
import type { SegmentFacts } from './progress.ts'

/** Prices, bounds and what was awarded. Amounts become decimal strings, so that nothing is rounded. */
export function encodeTerms(
  facts: SegmentFacts,
  frame: Pick<AwardFrame, 'order' | 'award'>,
): string {
  const { priceIn, priceOut, inBucket, maxTokens, budget } = facts.terms
  const { bidHash, matchHash } = frame.award.award
  const { mode, replicas } = frame.order.order
  return JSON.stringify({
    priceIn: `${priceIn}`,
    priceOut: `${priceOut}`,
    inBucket,
    maxTokens,
    budget: `${budget}`,
    mode,
    replicas,
    specHash: facts.specHash,
    fromToken: facts.fromToken,
    prefixHash: facts.prefixHash,
    bidHash,
    matchHash,
  })
}
