/** How a blob is cut: pieces of 1 MiB, each with a hash (F-10). */
import { bytesToHex } from '@duckmesh/proto'
import { PIECE_BYTES } from './constants.ts'
import type { Sha256 } from './interface.ts'

export const HASH_BYTES = 32

export function pieceCount(size: number): number {
  return Math.ceil(size / PIECE_BYTES)
}

/** Bytes of one piece; the last one may be shorter. */
export function pieceLength(size: number, index: number): number {
  return Math.min(PIECE_BYTES, size - index * PIECE_BYTES)
}

/** The hash of one piece in a list. */
export function hashAt(hashes: Uint8Array, index: number): Uint8Array {
  return hashes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES)
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}

/** Lower-case hex without 0x, as manifests write hashes. */
export async function hexOf(sha256: Sha256, bytes: Uint8Array): Promise<string> {
  return bytesToHex(await sha256(bytes)).slice(2)
}
