import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes } from '@noble/hashes/utils.js'
import { outOfRange } from './errors.ts'
import { bytesToHex, hexToBytes } from './hex.ts'
import { MAX_UINT16 } from './limits.ts'
import { packTokenIds } from './token-ids.ts'
import type { Hex } from './types.ts'

/** h_0 of a segment's chunk chain: sha256(jobId ‖ uint16 segment). */
export function firstChunkHash(jobId: Hex, segment: number): Hex {
  if (!Number.isInteger(segment) || segment < 0 || segment > MAX_UINT16) {
    throw outOfRange('segment', 'expected a uint16')
  }
  const tail = Uint8Array.of(segment >> 8, segment & 0xff)
  return bytesToHex(sha256(concatBytes(hexToBytes(jobId, 32, 'jobId'), tail)))
}

/** h_n = sha256(h_(n-1) ‖ ids), ids as uint32 big-endian. */
export function nextChunkHash(previous: Hex, ids: readonly number[]): Hex {
  return bytesToHex(sha256(concatBytes(hexToBytes(previous, 32, 'previous'), packTokenIds(ids))))
}
