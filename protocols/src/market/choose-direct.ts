import { MAX_PROBES } from './constants.ts'
import { stepPrice } from './price.ts'
import type { ErrorCode } from '../error-codes.ts'
import type { Candidate, DirectChoice, DirectNeed, Load, NotChosen, Priced } from './interface.ts'
import type { Hex } from '@duckmesh/proto'

/** Candidates to ask for their load, cheapest first, and why the others are out. */
export interface Shortlist {
  probe: readonly Priced[]
  why: readonly NotChosen[]
}

/** Load by peer key; a peer without an answer is not in it. */
export type Loads = ReadonlyMap<Hex, Load>

type Loaded = Priced & { load: Load }

/**
 * First half of a direct choice (K-10, K-11): prices every candidate for the whole bucket and all tokens and
 * keeps the cheapest few for a probe. Pure; `candidates` come from `OfferBook.list`.
 */
export function shortlist(
  need: DirectNeed,
  candidates: readonly Candidate[],
  maxProbes: number = MAX_PROBES,
): Shortlist {
  const why: NotChosen[] = []
  const fit: Priced[] = []
  for (const candidate of candidates) {
    const priced = { ...candidate, expectedPrice: expectedPrice(need, candidate) }
    const refusal = refuseByOffer(need, priced)
    if (refusal) why.push(refusal)
    else fit.push(priced)
  }
  fit.sort(cheaper)
  const beyond = fit.slice(maxProbes).map((each) => notProbed(each, maxProbes))
  return { probe: fit.slice(0, maxProbes), why: [...why, ...beyond] }
}

/**
 * Second half (K-12): the cheapest candidate with a free slot; at equal prices the least loaded. Those that
 * could also take it are the backups, in the same order. Pure.
 */
export function chooseDirect(list: Shortlist, loads: Loads): DirectChoice {
  const why: NotChosen[] = [...list.why]
  const free: Loaded[] = []
  for (const candidate of list.probe) {
    const load = loads.get(candidate.entry.peerKey)
    const refusal = refuseByLoad(candidate, load)
    if (refusal) why.push(refusal)
    else if (load) free.push({ ...candidate, load })
  }
  free.sort((a, b) => byPrice(a, b) || utilisation(a.load) - utilisation(b.load) || cheaper(a, b))
  const [chosen, ...backups] = free
  if (chosen === undefined) return { backups, why }
  return { chosen, backups, why: [...why, ...backups.map((each) => outbid(each, chosen))] }
}

/** Price of the whole bucket in and all tokens out, wei. */
function expectedPrice(need: DirectNeed, { model }: Candidate): bigint {
  return stepPrice(model.priceIn, model.priceOut, need.inBucket, need.maxTokens)
}

function refuseByOffer(need: DirectNeed, candidate: Priced): NotChosen | undefined {
  const { entry, expectedPrice: price, model } = candidate
  if (need.exclude?.includes(entry.offer.provider) === true) {
    return notChosen(candidate, 'PROVIDER_UNAVAILABLE', 'It failed this job before.')
  }
  if (price > need.maxPrice) {
    const why = `It asks ${String(price)} wei, maxPrice is ${String(need.maxPrice)} wei.`
    return notChosen(candidate, 'PRICE_ABOVE_CAP', why)
  }
  // The bucket says nothing sure about the prompt: a client without a tokenizer can only bound it from above.
  // Of a model of numbers maxTokens counts these (rule N-2).
  if (model.numbers === undefined && need.maxTokens >= model.contextLength) {
    const why = `Its context is ${String(model.contextLength)} tokens.`
    return notChosen(candidate, 'PROMPT_TOO_LONG', why)
  }
  return undefined
}

function refuseByLoad(candidate: Priced, load: Load | undefined): NotChosen | undefined {
  if (load === undefined) {
    return notChosen(candidate, 'TIMED_OUT', 'It did not answer the probe.')
  }
  if (load.inFlight < load.slots) return undefined
  const why = `${String(load.inFlight)} of its ${String(load.slots)} slots are taken.`
  return notChosen(candidate, 'PROVIDER_BUSY', why)
}

function notProbed(candidate: Priced, maxProbes: number): NotChosen {
  const why = `${String(maxProbes)} candidates are cheaper; it asks ${String(candidate.expectedPrice)} wei.`
  return notChosen(candidate, 'PROVIDER_UNAVAILABLE', why)
}

function outbid(loser: Loaded, winner: Loaded): NotChosen {
  const more = loser.expectedPrice - winner.expectedPrice
  const why =
    more > 0n ? `It asks ${String(more)} wei more.` : 'Same price, and more of its slots are taken.'
  return notChosen(loser, 'PROVIDER_UNAVAILABLE', why)
}

function notChosen({ entry }: Candidate, code: ErrorCode, why: string): NotChosen {
  return { provider: entry.offer.provider, peerKey: entry.peerKey, code, why }
}

function utilisation(load: Load): number {
  return load.inFlight / load.slots
}

function byPrice(a: Priced, b: Priced): number {
  if (a.expectedPrice === b.expectedPrice) return 0
  return a.expectedPrice < b.expectedPrice ? -1 : 1
}

/** Ties go to the lower peer key, so that the choice does not depend on the order of arrival. */
function cheaper(a: Priced, b: Priced): number {
  return byPrice(a, b) || (a.entry.peerKey < b.entry.peerKey ? -1 : 1)
}
