import { OCTAVE } from './exp2-weight.ts'

/** Octaves 0 to -29 have positive weights (exp2Weight). */
const BANDS = 30

/** A token that may be drawn. */
export interface Candidate {
  readonly id: number
  /** Logit after penalty and bias. */
  readonly score: number
  /** Positive integer up to 2^30. */
  readonly weight: number
}

/**
 * Candidates in the order (score descending, id ascending), one octave of weight at a time: a draw
 * mostly ends in the first octaves, so the many light tokens behind them are never sorted.
 */
export class CandidateBands implements Iterable<Candidate> {
  readonly #bands: Candidate[][] = Array.from({ length: BANDS }, () => [])
  #sum = 0

  /** Sum of all weights; exact in a float64. */
  get sum(): number {
    return this.#sum
  }

  /** @param steps what stepsBelowMax gave for the candidate: it falls as the score falls */
  add(candidate: Candidate, steps: number): void {
    const octave = -Math.floor(steps / OCTAVE)
    this.#bands[octave]?.push(candidate)
    this.#sum += candidate.weight
  }

  *[Symbol.iterator](): Generator<Candidate, void> {
    for (const band of this.#bands) {
      yield* band.sort((a, b) => b.score - a.score || a.id - b.id)
    }
  }
}
