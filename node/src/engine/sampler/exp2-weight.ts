/** Integer weights of tokens, exact on every machine. */
/** Fixed-point steps per binary octave of a weight. */
export const OCTAVE = 65536

/** Natural logarithm of 2, the float64 nearest to it. */
const LN2 = 0.6931471805599453

/** (ln 2)^k / k! for k = 0..6: the degree-6 Taylor polynomial of 2^x. */
const C1 = 0.6931471805599453
const C2 = 0.24022650695910072
const C3 = 0.05550410866482158
const C4 = 0.009618129107628477
const C5 = 0.0013333558146428443
const C6 = 0.0001540353039338161

/** 2^k for k = 0..30: exact, and faster to look up than to raise. */
const POWERS = Float64Array.from({ length: 31 }, (_, k) => 2 ** k)

/**
 * q = round((l − l_max) · 65536 / (T · ln 2)): how many steps a logit lies below the highest.
 * round(x) is floor(x + 1/2) computed exactly (ECMAScript Math.round). Only + − × ÷ on float64.
 */
export function stepsBelowMax(logit: number, max: number, temperature: number): number {
  return Math.round(((logit - max) * OCTAVE) / (temperature * LN2))
}

/**
 * Integer weight of a token q steps below the highest: 0 below 29 octaves, else
 * floor(P(frac) · 2^(30 + int)) with q = 65536 · (int + frac), 0 ≤ frac < 1. At most 2^30, so sums
 * over 2^22 tokens are exact in a float64. Source: SCHEMAS "Sampler version 1".
 */
export function exp2Weight(q: number): number {
  if (!(q >= -29 * OCTAVE)) return 0
  const octave = Math.floor(q / OCTAVE)
  const x = (q - octave * OCTAVE) / OCTAVE
  const polynomial = 1 + x * (C1 + x * (C2 + x * (C3 + x * (C4 + x * (C5 + x * C6)))))
  return Math.floor(polynomial * (POWERS[30 + octave] ?? 0))
}
