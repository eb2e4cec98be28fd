/** The direct lane: places from signed offers and fresh loads, with no seat on the path. */
import { toDuckMeshError } from '@duckmesh/protocols'
import type { Place } from '@duckmesh/protocols/dispatch'
import type { DirectNeed, Priced } from '@duckmesh/protocols/market'
import type { OfferFinder } from '../discovery/find-offers.ts'
import { chooseOffers } from './choose-offer.ts'
import type { JobDraft } from './plan-job.ts'

/**
 * When none of the known ones answers all are looked for once more: they may have moved. Rejects with the reason why
 * there is none: PRICE_ABOVE_CAP, PROMPT_TOO_LONG, PROVIDER_BUSY, PROVIDER_UNAVAILABLE.
 */
export async function directPlaces(
  finder: Pick<OfferFinder, 'book' | 'load' | 'offers'>,
  draft: JobDraft,
  nowMs: number,
  signal: AbortSignal,
): Promise<Place[]> {
  const { exclude, inBucket, maxPrice, maxTokens, modelId } = draft
  const need: DirectNeed = { modelId, inBucket, maxTokens, maxPrice, exclude }
  try {
    return (await chooseOffers(finder, need, nowMs, signal)).map(placeOf)
  } catch (error) {
    if (toDuckMeshError(error).code !== 'PROVIDER_UNAVAILABLE') throw error
    await finder.offers(signal)
    return (await chooseOffers(finder, need, nowMs, signal)).map(placeOf)
  }
}

function placeOf({ entry, model }: Priced): Place {
  const { offerHash: bidHash } = entry
  const { priceIn, priceOut } = model
  return { provider: entry.offer.provider, bidHash, priceIn, priceOut }
}
