/** The tokens that may be drawn, ordered only as far as they are looked at. */
import { OCTAVE } from './exp2-weight.ts'
import { scratch } from './scratch.ts'

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
 * mostly ends in the first octaves, so the many light tokens behind them are never sorted. Plain
 * arrays of numbers, because a large vocabulary would make as many objects per token otherwise. Valid
 * until the next one is made.
 */
export class CandidateBands implements Iterable<Candidate> {
  readonly #scores: ArrayLike<number>
  readonly #weights: Float64Array
  readonly #bands: number[][] = Array.from({ length: BANDS }, () => [])
  readonly #bandSums = new Float64Array(BANDS)
  #sum = 0

  /** @param scores of all tokens of the vocabulary */
  constructor(scores: ArrayLike<number>) {
    this.#scores = scores
    this.#weights = scratch('weights', scores.length)
  }

  /** Sum of all weights; exact in a float64. */
  get sum(): number {
    return this.#sum
  }

  /**
   * @param weight above 0
   * @param steps what stepsBelowMax gave for the token: it falls as the score falls
   */
  add(id: number, weight: number, steps: number): void {
    const octave = -Math.floor(steps / OCTAVE)
    this.#weights[id] = weight
    this.#bands[octave]?.push(id)
    this.#bandSums[octave] = (this.#bandSums[octave] ?? 0) + weight
    this.#sum += weight
  }

  /** The first token, best first, whose running sum of weights exceeds the target. Only its octave is sorted. */
  tokenAt(target: number): number | undefined {
    let running = 0
    for (const [octave, band] of this.#bands.entries()) {
      const after = running + (this.#bandSums[octave] ?? 0)
      if (after > target) {
        return this.#sorted(band).find((id) => (running += this.#weights[id] ?? 0) > target)
      }
      running = after
    }
    return undefined
  }

  *[Symbol.iterator](): Generator<Candidate, void> {
    for (const band of this.#bands) {
      for (const id of this.#sorted(band)) {
        yield { id, score: this.#scores[id] ?? NaN, weight: this.#weights[id] ?? 0 }
      }
    }
  }

  #sorted(band: number[]): number[] {
    const scores = this.#scores
    return band.sort((a, b) => (scores[b] ?? NaN) - (scores[a] ?? NaN) || a - b)
  }
}
