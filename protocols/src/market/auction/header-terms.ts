import type { JobHeader } from '@duckmesh/proto'

/**
 * What of a header must be the same wherever an attempt is announced (K-56): bids are sealed to its key and priced
 * for its sizes. The binding may be renewed meanwhile; the order is the job id.
 */
export function headerTerms({ replyKey, inBucket, maxTokens }: JobHeader): string {
  return `${replyKey}:${inBucket}:${maxTokens}`
}
