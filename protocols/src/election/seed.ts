/** The seed of an epoch from the mix of revealed preimages (rules E-4 and E-5); no block data. */
import { keccak_256 } from '@noble/hashes/sha3.js'
import { utf8ToBytes } from '@noble/hashes/utils.js'
import { bytesToHex, type Hex } from '@duckmesh/proto'
import { abiWords } from './abi-words.ts'

/** The mix before any reveal: keccak256(abi.encode('DuckMesh', chainId, registry)). */
export function initialMix(chainId: number | bigint, registry: Hex): Hex {
  const text = utf8ToBytes('DuckMesh')
  // A string is encoded as its offset, and at that offset its length and its padded bytes.
  const offset = 3 * 32
  const head = abiWords([offset, 32], [chainId, 32], [registry, 20], [text.length, 32])
  const encoded = new Uint8Array(head.length + 32)
  encoded.set(head)
  encoded.set(text, head.length)
  return bytesToHex(keccak_256(encoded))
}

/** The mix after a reveal: keccak256(abi.encode(mix, preimage)), two hashes of 32 bytes. */
export function nextMix(mix: Hex, preimage: Hex): Hex {
  return bytesToHex(keccak_256(abiWords([mix, 32], [preimage, 32])))
}

/** seed_e = keccak256(abi.encode(mix at the middle of e - 1, uint64 e)). */
export function seedOf(mix: Hex, epoch: number): Hex {
  return bytesToHex(keccak_256(abiWords([mix, 32], [epoch, 8])))
}
