/** The Ethereum address of a secp256k1 public key. */
import { keccak_256 } from '@noble/hashes/sha3.js'
import { bytesToHex } from '@duckmesh/protocols'
import type { Hex } from '@duckmesh/protocols'

/** Of an uncompressed public key, 65 bytes. */
export function addressOf(publicKey: Uint8Array): Hex {
  return bytesToHex(keccak_256(publicKey.subarray(1)).subarray(12))
}
