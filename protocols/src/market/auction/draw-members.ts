import { bytesToHex, hexToBytes } from '@duckmesh/proto'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { concatBytes } from '@noble/hashes/utils.js'
import { seatScore } from '../../election/index.ts'
import type { MemberDraw, RankedBid } from './interface.ts'
import type { Hex, Match } from '@duckmesh/proto'

type Unplaced = Omit<RankedBid, 'role'>

const keccakOf = (...parts: Hex[]): Hex =>
  bytesToHex(keccak_256(concatBytes(...parts.map((part) => hexToBytes(part)))))

/**
 * Members of a redundant job and their backups (K-65).
 *
 * Neither the client nor the seat can aim the draw: the client fixed its secret in the order before it knew the
 * bids, the seat fixed the bids before it could know the secret, and the seed is of an earlier epoch. One place
 * goes by stake over all bids under the cap, so that a crowd of cheap names does not fill a job.
 *
 * @param candidates bids that count by (score, provider)
 * @param replicas members wanted, k
 */
export function drawMembers(
  candidates: readonly Unplaced[],
  replicas: number,
  match: Match,
  draw: MemberDraw,
): RankedBid[] {
  // With fewer than k + 1 there is nothing to draw.
  if (candidates.length <= replicas) return candidates.map((bid) => ({ ...bid, role: 'member' }))
  const r = keccakOf(draw.draw, match.bidsRoot, draw.seed)
  const pool = inDrawOrder(candidates.slice(0, 2 * replicas), r)
  const drawn = pool.slice(0, replicas - 1)
  const remaining = candidates.filter((bid) => !drawn.includes(bid))
  const staked = raceWinner(remaining, r, match.turn, draw) ?? pool[replicas - 1]
  const members = staked === undefined ? drawn : [...drawn, staked]
  const order = [...pool, ...candidates.filter((bid) => !pool.includes(bid))]
  const backups = order.filter((bid) => !members.includes(bid))
  return [
    ...members.map((bid) => ({ ...bid, role: 'member' as const })),
    ...backups.map((bid) => ({ ...bid, role: 'backup' as const })),
  ]
}

function inDrawOrder(bids: readonly Unplaced[], r: Hex): Unplaced[] {
  const keyed = bids.map((bid) => ({ bid, key: keccakOf(r, bid.provider) }))
  return keyed.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ bid }) => bid)
}

/** The race of seats (election) with seed r; undefined when nobody has stake. */
function raceWinner(
  bids: readonly Unplaced[],
  r: Hex,
  turn: number,
  { shard, weights }: MemberDraw,
): Unplaced | undefined {
  const runners = bids.flatMap((bid) => {
    const weight = weights.get(bid.provider) ?? 0n
    if (weight <= 0n) return []
    return [{ bid, score: seatScore(r, shard, turn, bid.provider, weight) }]
  })
  runners.sort((a, b) => {
    if (a.score !== b.score) return a.score < b.score ? -1 : 1
    return a.bid.provider < b.bid.provider ? -1 : 1
  })
  return runners[0]?.bid
}
