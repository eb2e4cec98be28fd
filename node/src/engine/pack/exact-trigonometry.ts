/**
 * Math.sin, Math.cos and Math.pow may differ by a bit between machines, and a packed model must be
 * the same bytes everywhere. These use only + - * / and floor on float64, which IEEE 754 fixes.
 */

const TWO_OVER_PI = 0.6366197723675814
/** π/2 in two parts; the first has 33 bits, so its product with a quadrant number is exact. */
const HALF_PI_HIGH = 1.5707963267341256
const HALF_PI_LOW = 6.077100506506192e-11
/** Terms of the Taylor series on [-π/4, π/4]; the first one left out is below 1e-17. */
const TERMS = 9

/** Sine and cosine of 0 ≤ x < 2^20, within 1e-11. */
export function sineCosine(x: number): { sine: number; cosine: number } {
  const quadrant = Math.floor(x * TWO_OVER_PI + 0.5)
  const y = x - quadrant * HALF_PI_HIGH - quadrant * HALF_PI_LOW
  const s = sineSeries(y)
  const c = cosineSeries(y)
  switch (quadrant % 4) {
    case 0:
      return { sine: s, cosine: c }
    case 1:
      return { sine: c, cosine: -s }
    case 2:
      return { sine: -s, cosine: -c }
    default:
      return { sine: -c, cosine: s }
  }
}

/** y - y³/3! + y⁵/5! … from the innermost bracket out. */
function sineSeries(y: number): number {
  let bracket = 1
  for (let k = TERMS; k >= 1; k--) bracket = 1 - (bracket * y * y) / (2 * k * (2 * k + 1))
  return y * bracket
}

function cosineSeries(y: number): number {
  let bracket = 1
  for (let k = TERMS; k >= 1; k--) bracket = 1 - (bracket * y * y) / ((2 * k - 1) * (2 * k))
  return bracket
}

/** The n-th root of a value ≥ 1, by bisection down to neighbouring floats. */
export function nthRoot(value: number, n: number): number {
  let low = 1
  let high = value
  for (;;) {
    const middle = low + (high - low) / 2
    if (middle <= low || middle >= high) return low
    if (integerPower(middle, n) <= value) low = middle
    else high = middle
  }
}

/** base to a non-negative integer power, by repeated multiplication. */
export function integerPower(base: number, exponent: number): number {
  let power = 1
  for (let i = 0; i < exponent; i++) power *= base
  return power
}
