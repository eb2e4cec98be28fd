/**
 * Natural logarithm in fixed point, to the last bit what `SeatScore.lnWad` computes on chain (rule E-6).
 *
 * The method is Remco Bloemen's (MIT), as in Solady's `FixedPointMathLib.lnWad`: reduce to [1, 2), then an
 * (8, 8)-term rational function in 96-bit fixed point. Its constants and its roundings are the definition:
 * shifts round down, the one division rounds towards zero.
 */
import { DuckMeshError } from '../errors.ts'

const BASE_BITS = 96n
const MAX_INT256 = 2n ** 255n - 1n

/** Numerator from the second highest power down to x^1; monic. */
const NUMERATOR: readonly bigint[] = [
  24828157081833163892658089445524n,
  43456485725739037958740375743393n,
  -11111509109440967052023855526967n,
  -45023709667254063763336534515857n,
  -14706773417378608786704636184526n,
]
const NUMERATOR_FIRST = 3273285459638523848632254066296n
const NUMERATOR_LAST = 795164235651350426258249787498n << BASE_BITS

/** Denominator from the second highest power down; monic. */
const DENOMINATOR_FIRST = 5573035233440673466300451813936n
const DENOMINATOR: readonly bigint[] = [
  71694874799317883764090561454958n,
  283447036172924575727196451306956n,
  401686690394027663651624208769553n,
  204048457590392012362485061816622n,
  31853899698501571402653359427138n,
  909429971244387300277376558375n,
]

/** Scale of the rational function, ln 2 and ln(2^96 / 10^18), in base 5^18 · 2^192. */
const SCALE = 1677202110996718588342820967067443963516166n
const LN_2 = 16597577552685614221487285958193947469193820559219878177908093499208371n
const LN_BASE = 600920179829731861736702779321621459595472258049074101567377883020018308n
const FINAL_SHIFT = 174n

/** Position of the highest set bit of a positive number. */
function log2(x: bigint): bigint {
  const digits = x.toString(16)
  const top = Number.parseInt(digits.charAt(0), 16)
  return BigInt(4 * (digits.length - 1) + 31 - Math.clz32(top))
}

function horner(x: bigint, first: bigint, rest: readonly bigint[]): bigint {
  return rest.reduce((sum, term) => ((sum * x) >> BASE_BITS) + term, x + first)
}

/**
 * ln(x), both in units of 10^-18; rounded down from the approximation.
 *
 * @param x 1 to 2^255 - 1
 * @throws DuckMeshError FIELD_OUT_OF_RANGE outside
 */
export function lnWad(x: bigint): bigint {
  if (x <= 0n || x > MAX_INT256) {
    const details = { x }
    throw new DuckMeshError('FIELD_OUT_OF_RANGE', 'There is no logarithm of this.', { details })
  }
  const exponent = log2(x)
  // In [1, 2) · 2^96; like `x << (255 - exponent) >> 159` on 256-bit words.
  const reduced = exponent >= BASE_BITS ? x >> (exponent - BASE_BITS) : x << (BASE_BITS - exponent)
  const p = horner(reduced, NUMERATOR_FIRST, NUMERATOR) * reduced - NUMERATOR_LAST
  const q = horner(reduced, DENOMINATOR_FIRST, DENOMINATOR)
  const sum = SCALE * (p / q) + LN_2 * (exponent - BASE_BITS) + LN_BASE
  return sum >> FINAL_SHIFT
}
