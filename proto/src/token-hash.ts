import { keccak_256 } from '@noble/hashes/sha3.js'
import { bytesToHex } from './hex.ts'
import { packTokenIds } from './token-ids.ts'
import type { Hash } from '@noble/hashes/utils.js'
import type { Hex } from './types.ts'

/**
 * Grows with a segment and tells its `tokensRoot` at any step: keccak256 of the uint32 ids so far.
 *
 * In redundant mode a salt of 32 bytes comes first (SCHEMAS "EIP-712 structs").
 */
export class TokenHasher {
  readonly #hash = keccak_256.create() as Hash<{ digest(): Uint8Array }>

  constructor(salt?: Uint8Array) {
    if (salt !== undefined) this.#hash.update(salt)
  }

  /** Throws ProtoError FIELD_OUT_OF_RANGE, and hashes nothing, when one is not a uint32. */
  update(ids: readonly number[]): this {
    this.#hash.update(packTokenIds(ids))
    return this
  }

  /** Hash of all ids so far; more may follow. */
  digest(): Hex {
    return bytesToHex(this.#hash.clone().digest())
  }
}

/** `tokensRoot` or `prefixHash` of ids known at once; of none it is keccak256 of nothing. */
export function tokenHash(ids: readonly number[], salt?: Uint8Array): Hex {
  return new TokenHasher(salt).update(ids).digest()
}
