/** Sampler version 1 (docs/spec/sampler.md). */
import { EngineError } from '../errors.ts'
import type { SamplerParams } from '../interface.ts'
import { CandidateBands } from './candidate-bands.ts'
import type { Candidate } from './candidate-bands.ts'
import { exp2Weight, stepsBelowMax } from './exp2-weight.ts'
import { scratch } from './scratch.ts'
import { seededUniform } from './seeded-uniform.ts'

/** Unit in which topP and minP are read. */
const MILLION = 1_000_000

/**
 * So many octaves below the highest a weight is 0 for certain: exp2Weight gives 0 below 29. Tokens that
 * far down are left out before anything is computed, which decides nothing.
 */
const WEIGHTLESS_OCTAVES = 29.5

/** Candidates best first, and the sum of their weights; no more of them are ordered than are read. */
interface Pool {
  readonly sum: number
  readonly ordered: Iterable<Candidate>
  /** The first candidate whose running sum of weights exceeds the target. */
  readonly tokenAt: (target: number) => number | undefined
}

/**
 * Sampler version 1: the token that follows, from raw float32 logits. Deterministic on every machine:
 * no platform math is used in any decision. Rules, in this order (SCHEMAS; details fixed here):
 * 1. Logits are widened to float64. One that is not finite takes no part.
 * 2. Repetition penalty p ≠ 1: once for each distinct id of prompt and completion so far,
 *    l ← l > 0 ? l / p : l · p.
 * 3. Bias: l ← l + bias[id].
 * 4. Temperature 0: the highest l, the lowest id on ties; nothing below applies.
 * 5. Tokens sorted by (l descending, id ascending); each has the integer weight exp2Weight(q).
 *    Tokens of weight 0 can never be drawn and count in no cut-off.
 * 6. top-k, k > 0: the first k stay.
 * 7. top-p, P = round(topP · 10^6) < 10^6: with W the sum of the weights that stayed, the shortest
 *    prefix (at least one token) whose sum S satisfies S · 10^6 ≥ P · W stays.
 * 8. min-p, M = round(minP · 10^6): those with w · 10^6 ≥ M · w_max stay, w_max being the first weight.
 * 9. r = (U_t · W) >> 53 over the sum W of what is left; the first id whose running sum exceeds r.
 * @param context prompt and completion ids so far; read for the penalty only
 * @param t position in the whole completion, from 0
 * @throws SAMPLER_FAILED when no logit is finite
 */
export function sampleToken(
  logits: Float32Array,
  params: SamplerParams,
  context: readonly number[],
  t: number,
): number {
  const scores = adjustedLogits(logits, params, context)
  if (params.temperature === 0) return bestToken(scores)
  return draw(cutOff(weigh(scores, params.temperature), params), seededUniform(params.seed, t))
}

/** The tokens that may be drawn and their weights, after every cut-off, best first (steps 1 to 8). */
export function candidateTokens(
  logits: Float32Array,
  params: SamplerParams,
  context: readonly number[],
): Candidate[] {
  const scores = adjustedLogits(logits, params, context)
  if (params.temperature > 0) return [...cutOff(weigh(scores, params.temperature), params).ordered]
  const id = bestToken(scores)
  return [{ id, score: scores[id] ?? 0, weight: 2 ** 30 }]
}

function adjustedLogits(
  logits: Float32Array,
  { repetitionPenalty, logitBias }: SamplerParams,
  context: readonly number[],
): ArrayLike<number> {
  if (repetitionPenalty === 1 && logitBias.size === 0) return logits
  const scores = scratch('scores', logits.length)
  scores.set(logits)
  if (repetitionPenalty !== 1) {
    for (const id of new Set(context)) {
      const logit = scores[id]
      if (logit === undefined) continue
      scores[id] = logit > 0 ? logit / repetitionPenalty : logit * repetitionPenalty
    }
  }
  for (const [id, bias] of logitBias) scores[id] = (scores[id] ?? 0) + bias
  return scores
}

function bestToken(scores: ArrayLike<number>): number {
  let best = -1
  let highest = -Infinity
  for (let id = 0; id < scores.length; id++) {
    const score = scores[id] ?? NaN
    if (score > highest && score !== Infinity) {
      highest = score
      best = id
    }
  }
  if (best >= 0) return best
  const message =
    'The model gave no finite logit. Its files or its graph are broken: pack it again.'
  throw new EngineError('SAMPLER_FAILED', message)
}

/** Candidates of positive weight. */
function weigh(scores: ArrayLike<number>, temperature: number): Pool {
  const max = scores[bestToken(scores)] ?? 0
  const hopeless = max - WEIGHTLESS_OCTAVES * Math.LN2 * temperature
  const bands = new CandidateBands(scores)
  for (let id = 0; id < scores.length; id++) {
    const score = scores[id] ?? NaN
    if (!(score <= max && score > hopeless)) continue
    const steps = stepsBelowMax(score, max, temperature)
    const weight = exp2Weight(steps)
    if (weight > 0) bands.add(id, weight, steps)
  }
  return { sum: bands.sum, ordered: bands, tokenAt: (target) => bands.tokenAt(target) }
}

function cutOff(pool: Pool, { topK, topP, minP }: SamplerParams): Pool {
  const topped = topK > 0 ? takeWhile(pool, (_, taken) => taken < topK) : pool
  return cutMinP(cutTopP(topped, Math.round(topP * MILLION)), Math.round(minP * MILLION))
}

/** S · 10^6 ≥ P · W as a single bound on S, so that the loop stays on exact integers in float64. */
function cutTopP(pool: Pool, millionths: number): Pool {
  if (millionths >= MILLION) return pool
  const share = BigInt(millionths) * BigInt(pool.sum)
  const bound = Number((share + BigInt(MILLION - 1)) / BigInt(MILLION))
  return takeWhile(pool, (_, taken, sum) => taken === 0 || sum < bound)
}

/** Both products stay below 2^50. Weights only fall, so the first one too light ends the pool. */
function cutMinP(pool: Pool, millionths: number): Pool {
  if (millionths === 0) return pool
  let floor = 0
  return takeWhile(pool, ({ weight }, taken) => {
    if (taken === 0) floor = millionths * weight
    return weight * MILLION >= floor
  })
}

/** The longest beginning of a pool for which keep holds; it sees count and sum taken before. */
function takeWhile(
  pool: Pool,
  keep: (candidate: Candidate, taken: number, sum: number) => boolean,
): Pool {
  const ordered: Candidate[] = []
  let sum = 0
  for (const candidate of pool.ordered) {
    if (!keep(candidate, ordered.length, sum)) break
    ordered.push(candidate)
    sum += candidate.weight
  }
  return { sum, ordered, tokenAt: (target) => tokenAt(ordered, target) }
}

function tokenAt(ordered: readonly Candidate[], target: number): number | undefined {
  let running = 0
  return ordered.find(({ weight }) => (running += weight) > target)?.id
}

function draw(pool: Pool, uniform: bigint): number {
  const id = pool.tokenAt(Number((uniform * BigInt(pool.sum)) >> 53n))
  if (id !== undefined) return id
  throw new EngineError('SAMPLER_FAILED', 'No token is left to draw from. Relax the cut-offs.')
}
