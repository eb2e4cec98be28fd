/** `abi.encode` of fixed-size values, which is what everything about seats is hashed from (SCHEMAS). */
import { hexToBytes, type Hex } from '@duckmesh/proto'
import { DuckMeshError } from '../errors.ts'

const WORD = 32

/**
 * One 32-byte word, left-padded: an unsigned integer of `bits`, or the hex of an address or hash.
 *
 * @throws DuckMeshError FIELD_OUT_OF_RANGE for a number that does not fit, ProtoError for bad hex
 */
function word(value: Hex | number | bigint, size: number): Uint8Array {
  const out = new Uint8Array(WORD)
  if (typeof value === 'string') {
    out.set(hexToBytes(value, size), WORD - size)
    return out
  }
  const fits = typeof value === 'bigint' || Number.isSafeInteger(value)
  let rest = fits ? BigInt(value) : -1n
  if (rest < 0n || rest >> BigInt(8 * size) !== 0n) {
    const what = `Not an unsigned integer of ${String(8 * size)} bits.`
    throw new DuckMeshError('FIELD_OUT_OF_RANGE', what, { details: { value } })
  }
  for (let at = WORD - 1; rest > 0n; at--, rest >>= 8n) out[at] = Number(rest & 0xffn)
  return out
}

/** The words of values in order; each with its size in bytes, 1 to 32. */
export function abiWords(...values: readonly [Hex | number | bigint, number][]): Uint8Array {
  const out = new Uint8Array(values.length * WORD)
  values.forEach(([value, size], i) => {
    out.set(word(value, size), i * WORD)
  })
  return out
}
