import { bytesToHex, hexToBytes } from '@duckmesh/proto'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { concatBytes } from '@noble/hashes/utils.js'
import type { Hex } from '@duckmesh/proto'

/**
 * Whom a seat invites (K-53): the providers with the smallest keccak256(seed_e ‖ jobId ‖ provider). The seat cannot
 * prefer its friends without being seen, and each job asks others.
 */
export function sampleInvited(
  providers: Iterable<Hex>,
  seed: Hex,
  jobId: Hex,
  most: number,
): Hex[] {
  const keyed = [...new Set(providers)].map((provider) => {
    const bytes = concatBytes(hexToBytes(seed), hexToBytes(jobId), hexToBytes(provider))
    return { provider, key: bytesToHex(keccak_256(bytes)) }
  })
  keyed.sort((a, b) => (a.key < b.key ? -1 : 1))
  return keyed.slice(0, most).map(({ provider }) => provider)
}
