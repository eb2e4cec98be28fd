/** Picks the providers of a job from the signed offers, and says why when there is none. */
import { DuckMeshError } from '@duckmesh/protocols'
import type { ErrorCode, Hex } from '@duckmesh/protocols'
import { chooseDirect, shortlist } from '@duckmesh/protocols/market'
import type { DirectNeed, Load, NotChosen, Priced } from '@duckmesh/protocols/market'
import type { OfferFinder } from '../discovery/find-offers.ts'

/** Which refusal to report when several providers refused for unlike reasons: the one the caller can act on. */
const TELLING: readonly ErrorCode[] = ['PRICE_ABOVE_CAP', 'PROMPT_TOO_LONG', 'PROVIDER_BUSY']

/** Providers with a free slot, the cheapest first. Rejects with the reason why there is none, or CANCELLED. */
export async function chooseOffers(
  finder: Pick<OfferFinder, 'book' | 'load'>,
  need: DirectNeed,
  nowMs: number,
  signal: AbortSignal,
): Promise<Priced[]> {
  const list = shortlist(need, finder.book.list(need.modelId, nowMs))
  const loads = new Map<Hex, Load>()
  await Promise.all(
    list.probe.map(async ({ entry }) => {
      const load = await finder.load(entry, signal)
      if (load !== undefined) loads.set(entry.peerKey, load)
    }),
  )
  if (signal.aborted) {
    throw new DuckMeshError('CANCELLED', 'Cancelled before the award.', { cause: signal.reason })
  }
  const { backups, chosen, why } = chooseDirect(list, loads)
  if (chosen !== undefined) return [chosen, ...backups]
  throw noneChosen(why, need)
}

function noneChosen(why: readonly NotChosen[], need: DirectNeed): DuckMeshError {
  const telling = TELLING.map((code) => why.find((one) => one.code === code)).find(Boolean)
  const reason = telling ?? why[0]
  const what = reason === undefined ? 'No provider offers the model now.' : sentence(reason)
  return new DuckMeshError(telling?.code ?? 'PROVIDER_UNAVAILABLE', what, {
    details: { maxPrice: need.maxPrice, reasons: why.map(sentence) },
  })
}

function sentence({ provider, why }: NotChosen): string {
  return `${provider}: ${why}`
}
