import { DuckMeshError } from '@duckmesh/protocols'
import type { Signer } from '@duckmesh/protocols'
import type { Hex } from 'viem'
import { bytesOf } from './hex.ts'
import { addressOfKey, isPrivateKey, signHash } from './secp256k1.ts'

/** The operator's or payer's `Signer` over a key in memory: deterministic (RFC 6979), low s, v 27 or 28. */
export class OperatorSigner implements Signer {
  readonly address: Hex
  readonly #key: Uint8Array

  /** Throws KEY_REFUSED unless `privateKey` is 32 bytes within the group order. */
  constructor(privateKey: Uint8Array) {
    if (privateKey.length !== 32 || !isPrivateKey(privateKey)) {
      throw new DuckMeshError('KEY_REFUSED', 'The key is not a secp256k1 private key.')
    }
    this.#key = new Uint8Array(privateKey)
    this.address = addressOfKey(this.#key)
  }

  /** Throws FIELD_OUT_OF_RANGE unless the digest is 32 bytes. */
  signDigest(digest: Hex): Hex {
    const hash = bytesOf(digest, 32)
    if (hash === null) {
      throw new DuckMeshError('FIELD_OUT_OF_RANGE', 'The digest is not 32 bytes of hex.', {
        details: { field: 'digest' },
      })
    }
    return signHash(hash, this.#key)
  }
}
