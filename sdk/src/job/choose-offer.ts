/** Picks the model and the provider of a job from the signed offers, and says why when there is none. */
import { DuckMeshError } from '@duckmesh/protocols'
import type { ErrorCode, Hex, ModelOffer } from '@duckmesh/protocols'
import { chooseDirect, shortlist } from '@duckmesh/protocols/market'
import type { BookEntry, Candidate, DirectNeed, Load, NotChosen, Priced } from '@duckmesh/protocols/market'
import type { OfferFinder } from '../discovery/find-offers.ts'

/** Which refusal to report when several providers refused for unlike reasons: the one the caller can act on. */
const TELLING: readonly ErrorCode[] = ['PRICE_ABOVE_CAP', 'PROMPT_TOO_LONG', 'PROVIDER_BUSY']

/** The offered model of that name or id. Rejects with MODEL_NOT_FOUND or PROVIDER_UNAVAILABLE. */
export function resolveModel(wanted: string, offers: readonly BookEntry[]): ModelOffer {
  const models = offers.flatMap((entry) => entry.offer.models)
  const found = models.find((model) => model.name === wanted || model.modelId === wanted.toLowerCase())
  if (found !== undefined) return found
  if (models.length === 0) {
    throw new DuckMeshError('PROVIDER_UNAVAILABLE', 'No provider answered.')
  }
  const names = [...new Set(models.map((model) => model.name))].sort()
  throw new DuckMeshError('MODEL_NOT_FOUND', `Nobody offers "${wanted}"; offered: ${names.join(', ')}.`, {
    details: { offered: names },
  })
}

/** The cheapest provider with a free slot. Rejects with the reason why there is none. */
export async function chooseOffer(
  finder: OfferFinder,
  need: DirectNeed,
  nowMs: number,
  signal: AbortSignal,
): Promise<Priced> {
  const candidates: Candidate[] = finder.book.list(need.modelId, nowMs)
  const list = shortlist(need, candidates)
  const loads = new Map<Hex, Load>()
  await Promise.all(
    list.probe.map(async ({ entry }) => {
      const load = await finder.load(entry, signal)
      if (load !== undefined) loads.set(entry.peerKey, load)
    }),
  )
  const { chosen, why } = chooseDirect(list, loads)
  if (chosen !== undefined) return chosen
  throw noneChosen(why, need)
}

function noneChosen(why: readonly NotChosen[], need: DirectNeed): DuckMeshError {
  const code = TELLING.find((each) => why.some((one) => one.code === each)) ?? 'PROVIDER_UNAVAILABLE'
  const reasons = why.map((one) => `${one.provider}: ${one.why}`)
  return new DuckMeshError(code, reasons[0] ?? 'No provider offers the model now.', {
    details: { maxPrice: need.maxPrice, reasons },
  })
}
