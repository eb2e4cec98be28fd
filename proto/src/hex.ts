import { bytesToHex as encode, hexToBytes as decode } from '@noble/hashes/utils.js'
import { malformed } from './errors.ts'
import type { Hex } from './types.ts'

const LOWER_CASE_HEX = /^0x(?:[0-9a-f]{2})*$/

/** Lower-case `0x` hex of the bytes. */
export function bytesToHex(bytes: Uint8Array): Hex {
  return `0x${encode(bytes)}`
}

/** True for `0x` followed by an even number of lower-case hex digits. */
export function isHex(value: unknown): value is Hex {
  return typeof value === 'string' && LOWER_CASE_HEX.test(value)
}

/**
 * Bytes of a lower-case `0x` hex string.
 *
 * @param length exact number of bytes expected, any when left out
 * @throws ProtoError MALFORMED_FRAME when it is not lower-case hex of that length: a mixed-case address would
 *   compare unequal to itself elsewhere
 */
export function hexToBytes(value: Hex, length?: number, field = 'hex'): Uint8Array {
  if (!isHex(value))
    throw malformed(field, 'expected lower-case 0x hex; pass it through `lowerHex`')
  const bytes = (value.length - 2) / 2
  if (length !== undefined && bytes !== length) {
    throw malformed(field, `expected ${String(length)} bytes of hex, got ${String(bytes)}`)
  }
  return decode(value.slice(2))
}

/** The same hex in lower case, for addresses that come with a checksum. Throws ProtoError when it is no hex. */
export function lowerHex(value: string): Hex {
  const lower = value.toLowerCase()
  if (!isHex(lower)) throw malformed('hex', 'expected 0x and an even number of hex digits')
  return lower
}
