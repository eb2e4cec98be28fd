/** Who sits where in one turn of one shard (rule E-8). Pure. */
import type { Hex } from '@duckmesh/proto'
import { SEATS } from './constants.ts'
import { seatScorer } from './seat-score.ts'

export interface SeatDraw {
  seed: Hex
  shard: number
  turn: number
  /** Owner to weight, wei. */
  weights: ReadonlyMap<Hex, bigint>
  /** Seats to draw, 7 when left out. */
  count?: number
}

/** The owners with the lowest scores by rank, ties to the lower address; nobody without weight. */
export function drawSeats(input: SeatDraw): Hex[] {
  const score = seatScorer(input.seed, input.shard, input.turn)
  const ranked = [...input.weights]
    .filter(([, weight]) => weight > 0n)
    .map(([owner, weight]) => ({ owner, score: score(owner, weight) }))
  ranked.sort((a, b) => {
    if (a.score !== b.score) return a.score < b.score ? -1 : 1
    return a.owner < b.owner ? -1 : 1
  })
  return ranked.slice(0, input.count ?? SEATS).map(({ owner }) => owner)
}
