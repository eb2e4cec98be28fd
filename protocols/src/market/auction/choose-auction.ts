import { drawMembers } from './draw-members.ts'
import type { LeftBid, MemberDraw, OpenedBid, OpenedSet } from './interface.ts'
import type { Choice, RankedBid } from './interface.ts'
import type { Hex } from '@duckmesh/proto'

export interface ChooseInput {
  /** One or two, the primary one first. */
  sets: readonly [OpenedSet, ...OpenedSet[]]
  excluded: readonly Hex[]
  /** Members of a redundant job. */
  replicas: number
  /** Set for a redundant job, absent for one provider (mode 1). */
  draw?: MemberDraw
}

/** A bid that counts, before it has a place. */
export type Candidate = Omit<RankedBid, 'role'>

/**
 * Who gets the job (K-63 to K-65). Pure: bids opened and judged, the rest is arithmetic that anybody can repeat.
 */
export function chooseAuction(input: ChooseInput): Choice {
  const [primary] = input.sets
  const { seat, epoch, turn } = primary.match
  const { counting, left } = sortOut(input)
  const ranked =
    input.draw === undefined
      ? counting.map((bid, place) => ranking(bid, place === 0 ? 'winner' : 'backup'))
      : drawMembers(counting, input.replicas, primary.match, input.draw)
  return { ranked, left, matchHash: primary.matchHash, seat, epoch, turn }
}

/** The bids that count by (score, provider), and the others with why; each provider is in one of them, once. */
function sortOut(input: ChooseInput): { counting: Candidate[]; left: LeftBid[] } {
  const excluded = new Set(input.excluded)
  const best = new Map<Hex, Candidate>()
  const left = new Map<Hex, LeftBid>()
  for (const opened of input.sets.flatMap((set) => set.bids)) {
    const candidate = candidateOf(opened)
    const known = best.get(opened.provider)
    if (excluded.has(opened.provider)) left.set(opened.provider, excludedBid(opened))
    else if (candidate === undefined) left.set(opened.provider, leftBid(opened))
    else if (known === undefined || candidate.score < known.score) {
      best.set(opened.provider, candidate)
    }
  }
  for (const provider of best.keys()) left.delete(provider)
  return { counting: [...best.values()].sort(byScore), left: [...left.values()] }
}

function candidateOf(opened: OpenedBid): Candidate | undefined {
  const { provider, bid, bidHash, price, score, code } = opened
  if (code !== undefined || bid === undefined || bidHash === undefined) return undefined
  if (price === undefined || score === undefined) return undefined
  return { provider, bid, bidHash, price, score }
}

function excludedBid(opened: OpenedBid): LeftBid {
  const code = 'PROVIDER_UNAVAILABLE'
  return { ...amounts(opened), provider: opened.provider, code, why: 'The client left it out.' }
}

function leftBid(opened: OpenedBid): LeftBid {
  const { provider, code = 'BID_INVALID', why = 'It does not count.' } = opened
  return { ...amounts(opened), provider, code, why }
}

function amounts({ price, score }: OpenedBid): Pick<LeftBid, 'price' | 'score'> {
  return { ...(price === undefined ? {} : { price }), ...(score === undefined ? {} : { score }) }
}

function ranking(bid: Candidate, role: RankedBid['role']): RankedBid {
  return { ...bid, role }
}

/** Lower score first; ties to the lower address, so that the order of arrival does not matter. */
function byScore(a: Candidate, b: Candidate): number {
  if (a.score !== b.score) return a.score < b.score ? -1 : 1
  return a.provider < b.provider ? -1 : 1
}
