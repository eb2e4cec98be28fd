/** When a peer brings a proof to the chain that it did not find itself (P-12). */
import { hexToBytes } from '@duckmesh/proto'
import type { Hex } from '@duckmesh/proto'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { concatBytes } from '@noble/hashes/utils.js'

/**
 * A wait drawn from who waits and what for: spread evenly below `maxMs`, the same after a restart, and nobody is
 * always the first.
 *
 * @param owner owner address of the peer
 * @param hash name of the proof
 * @returns ms
 */
export function submitDelay(owner: Hex, hash: Hex, maxMs: number): number {
  const drawn = keccak_256(concatBytes(hexToBytes(owner), hexToBytes(hash)))
  return Math.floor((new DataView(drawn.buffer, drawn.byteOffset).getUint32(0) / 2 ** 32) * maxMs)
}
