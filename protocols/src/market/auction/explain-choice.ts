import type { ErrorCode } from '../../error-codes.ts'
import type { Choice, LeftBid, RankedBid } from './interface.ts'
import type { Hex } from '@duckmesh/proto'

/** What became of one bid; `why` is a sentence with the numbers. */
export interface ChoiceEntry {
  provider: Hex
  place?: number
  role?: RankedBid['role']
  score?: bigint
  price?: bigint
  /** Why it does not count. */
  code?: ErrorCode
  why: string
}

/** The transcript of a choice (K-69): every bid with its score and why it won or lost, in order of place. */
export function explainChoice(choice: Choice): ChoiceEntry[] {
  const { ranked, left } = choice
  const best = ranked.reduce<bigint | undefined>(
    (low, { score }) => (low === undefined || score < low ? score : low),
    undefined,
  )
  return [
    ...ranked.map((bid, place) => rankedEntry(bid, place, ranked.length, best ?? bid.score)),
    ...left.map(leftEntry),
  ]
}

function rankedEntry(bid: RankedBid, place: number, bids: number, best: bigint): ChoiceEntry {
  const { provider, role, score, price } = bid
  return { provider, place, role, score, price, why: whyRanked(bid, place, bids, best) }
}

function whyRanked(
  { role, score, price, bid }: RankedBid,
  place: number,
  bids: number,
  best: bigint,
): string {
  const { etaMs, funding } = bid.bid
  const covered = funding === 0 ? '' : ', more than its channel covers'
  const asks = `asks ${price} wei, first tokens in ${etaMs} ms${covered}`
  const behind =
    score === best ? 'the lowest score' : `a score ${timesBest(score, best)} the lowest`
  if (role === 'winner') return `It won with ${behind} of ${bids}: it ${asks}.`
  if (role === 'member') return `It was drawn as member ${place + 1} with ${behind}: it ${asks}.`
  return `It is next in line at place ${place} with ${behind}: it ${asks}.`
}

/** With three decimals; exact enough for a sentence. */
function timesBest(score: bigint, best: bigint): string {
  if (best === 0n) return 'above'
  return `${(Number((score * 1_000n) / best) / 1_000).toFixed(3)} times`
}

function leftEntry({ provider, code, why, price, score }: LeftBid): ChoiceEntry {
  const amounts = {
    ...(price === undefined ? {} : { price }),
    ...(score === undefined ? {} : { score }),
  }
  return { provider, ...amounts, code, why }
}
