import { keccak_256 } from '@noble/hashes/sha3.js'
import { concatBytes } from '@noble/hashes/utils.js'
import { malformed } from './errors.ts'
import { bytesToHex } from './hex.ts'
import { SALT_BYTES } from './limits.ts'
import type { Hex } from './types.ts'

/** keccak256(salt32 ‖ spec bytes as sent). The salt keeps a short prompt from being guessed by its hash. */
export function specHash(salt: Uint8Array, spec: Uint8Array): Hex {
  if (salt.length !== SALT_BYTES) throw malformed('salt', 'expected 32 bytes')
  return bytesToHex(keccak_256(concatBytes(salt, spec)))
}
