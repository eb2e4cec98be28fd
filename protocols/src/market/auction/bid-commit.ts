import { bytesToHex, hexToBytes } from '@duckmesh/proto'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { concatBytes } from '@noble/hashes/utils.js'
import type { AuctionRef, Hex, RelayedBid } from '@duckmesh/proto'

const WORD_BYTES = 32

/**
 * Commitment to a sealed bid: keccak256(abi.encode(jobId, uint32 attempt, provider, keccak256(enc ‖ ciphertext)))
 * (K-51). Bound to job, attempt and provider, so a copy under another name has another commitment.
 */
export function bidCommit(ref: AuctionRef, { provider, sealed }: RelayedBid): Hex {
  const words = new Uint8Array(4 * WORD_BYTES)
  words.set(hexToBytes(ref.jobId, 32, 'jobId'))
  new DataView(words.buffer).setUint32(2 * WORD_BYTES - 4, ref.attempt)
  words.set(hexToBytes(provider, 20, 'provider'), 3 * WORD_BYTES - 20)
  words.set(keccak_256(concatBytes(sealed.enc, sealed.ciphertext)), 3 * WORD_BYTES)
  return bytesToHex(keccak_256(words))
}
