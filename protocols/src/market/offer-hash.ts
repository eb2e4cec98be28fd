import { bytesToHex } from '@duckmesh/proto'
import { keccak_256 } from '@noble/hashes/sha3.js'
import type { Hex } from '@duckmesh/proto'

/**
 * keccak256 of the payload of an offer's envelope, exactly as received (K-5): `Award.bidHash` of a job on the
 * direct lane, whose `matchHash` is 0.
 */
export function offerHash(payload: Uint8Array): Hex {
  return bytesToHex(keccak_256(payload))
}
