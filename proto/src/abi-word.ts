import { malformed, outOfRange } from './errors.ts'
import { hexToBytes } from './hex.ts'

/** Bytes of one ABI word. */
export const WORD_BYTES = 32

function writeUint(
  out: Uint8Array,
  offset: number,
  bits: number,
  value: unknown,
  field: string,
): void {
  const whole = typeof value === 'bigint' || Number.isSafeInteger(value)
  if (!whole) throw outOfRange(field, 'expected a bigint or a safe integer')
  let rest = BigInt(value as bigint | number)
  if (rest < 0n || rest >> BigInt(bits) !== 0n)
    throw outOfRange(field, `expected a uint${String(bits)}`)
  for (let i = offset + WORD_BYTES - 1; rest > 0n; i--, rest >>= 8n) out[i] = Number(rest & 0xffn)
}

/**
 * Writes `abi.encode` of one static value into 32 zero bytes of `out`.
 *
 * @param type address, bytes32, bool or uintN
 * @throws ProtoError when the value is not of the type
 */
export function writeWord(
  out: Uint8Array,
  offset: number,
  type: string,
  value: unknown,
  field: string,
): void {
  if (type === 'address') {
    out.set(hexToBytes(value as `0x${string}`, 20, field), offset + 12)
  } else if (type === 'bytes32') {
    out.set(hexToBytes(value as `0x${string}`, 32, field), offset)
  } else if (type === 'bool') {
    if (typeof value !== 'boolean') throw malformed(field, 'expected a boolean')
    out[offset + WORD_BYTES - 1] = value ? 1 : 0
  } else {
    writeUint(out, offset, Number(type.slice('uint'.length)), value, field)
  }
}
