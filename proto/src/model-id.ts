import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from './hex.ts'
import type { Hex } from './types.ts'

/** The sha2-256 digest in the manifest's CID. */
export function modelIdOf(manifest: Uint8Array): Hex {
  return bytesToHex(sha256(manifest))
}
