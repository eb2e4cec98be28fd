/** Score rule version 1 (K-60, K-61): integers only, so that everybody gets the same order. */
import { ETA_REF_MS, SCORE_ONE } from './constants.ts'
import { stepPrice } from '../price.ts'
import type { Bid, JobHeader } from '@duckmesh/proto'

/** What the job costs at most at the prices of a bid: the whole bucket in, all of maxTokens out, wei. */
export function bidPrice(
  bid: Pick<Bid, 'priceIn' | 'priceOut'>,
  header: Pick<JobHeader, 'inBucket' | 'maxTokens'>,
): bigint {
  return stepPrice(bid.priceIn, bid.priceOut, header.inBucket, header.maxTokens)
}

/**
 * Price times lateness times (1/quality)^4; lower wins.
 *
 * @param price of `bidPrice`, wei
 * @param quality public reputation in 1e6 fixed point, above 0; 1e6 until there is public data
 */
export function bidScore(price: bigint, etaMs: number, quality: bigint = SCORE_ONE): bigint {
  const eta = (BigInt(etaMs) * SCORE_ONE) / BigInt(ETA_REF_MS)
  const late = eta > SCORE_ONE ? eta : SCORE_ONE
  return (price * late * SCORE_ONE ** 4n) / quality ** 4n
}

/** The most that one member of the job may ask, wei: maxPrice is for all replicas. */
export function priceCap(header: JobHeader): bigint {
  const { maxPrice, replicas } = header.order.order
  return maxPrice / BigInt(Math.max(1, replicas))
}
