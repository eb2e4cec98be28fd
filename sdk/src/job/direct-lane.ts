/** The direct lane: places from signed offers and fresh loads, with no seat on the path. */
import { toDuckMeshError } from '@duckmesh/protocols'
import type { Place, SegmentOutcome } from '@duckmesh/protocols/dispatch'
import type { DirectNeed, Priced } from '@duckmesh/protocols/market'
import type { OfferFinder } from '../discovery/find-offers.ts'
import { chooseOffers } from './choose-offer.ts'
import type { JobDraft } from './plan-job.ts'

/** What the direct lane uses of the finder. */
export type DirectFinder = Pick<OfferFinder, 'book' | 'forget' | 'load' | 'offers'>

/**
 * When none of the known ones answers all are looked for once more: they may have moved. Rejects with the reason why
 * there is none: PRICE_ABOVE_CAP, PROMPT_TOO_LONG, PROVIDER_BUSY, PROVIDER_UNAVAILABLE.
 */
export async function directPlaces(
  finder: Omit<DirectFinder, 'forget'>,
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

/** Whether the provider refused since it does not keep the offer: it restarted, or the offer's time was over. */
export function isOfferGone({ failure }: Pick<SegmentOutcome, 'failure'>): boolean {
  return failure?.code === 'PRICE_MISMATCH'
}

/** Drops the offers of these providers: the next search asks for new ones. */
export function forgetOffers(
  finder: Pick<DirectFinder, 'book' | 'forget'>,
  of: readonly Pick<SegmentOutcome, 'provider'>[],
  nowMs: number,
): void {
  const owners = new Set(of.map(({ provider }) => provider))
  for (const { offer, peerKey } of finder.book.entries(nowMs)) {
    if (owners.has(offer.provider)) finder.forget(peerKey)
  }
}

function placeOf({ entry, model }: Priced): Place {
  const { offerHash: bidHash } = entry
  const { priceIn, priceOut } = model
  return { provider: entry.offer.provider, bidHash, priceIn, priceOut }
}
