import { keccak_256 } from '@noble/hashes/sha3.js'
import { concatBytes } from '@noble/hashes/utils.js'
import { bytesToHex, hexToBytes } from './hex.ts'
import type { Hex } from './types.ts'

/**
 * keccak256(keccak256(draw) ‖ keccak256(audit)) of two secrets of 32 bytes: each can be shown without the other.
 */
export function secretHash(draw: Hex, audit: Hex): Hex {
  const half = (secret: Hex, field: string): Uint8Array => keccak_256(hexToBytes(secret, 32, field))
  return bytesToHex(keccak_256(concatBytes(half(draw, 'draw'), half(audit, 'audit'))))
}
