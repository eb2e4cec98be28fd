/** Keys of auction attempts: X25519 pairs whose secret half opens every bid (SCHEMAS "Seal"), on WebCrypto. */
import { x25519 } from '@noble/curves/ed25519.js'
import { DuckMeshError, bytesToHex, hexToBytes } from '@duckmesh/protocols'
import type { Hex, ReplyKeys, Rng, Sealed } from '@duckmesh/protocols'
import { hpkeOpen } from './hpke-seal.ts'

export class HpkeReplyKeys implements ReplyKeys {
  readonly #rng: Rng

  constructor(rng: Rng) {
    this.#rng = rng
  }

  async create(): Promise<{ publicKey: Hex; secretKey: Hex }> {
    const secretKey = bytesToHex(this.#rng.bytes(32))
    return { publicKey: await this.publicKeyOf(secretKey), secretKey }
  }

  publicKeyOf(secretKey: Hex): Promise<Hex> {
    try {
      return Promise.resolve(bytesToHex(x25519.getPublicKey(hexToBytes(secretKey, 32))))
    } catch (cause) {
      const what = 'The reply secret is not an X25519 key.'
      return Promise.reject(new DuckMeshError('FIELD_OUT_OF_RANGE', what, { cause }))
    }
  }

  open(secretKey: Hex, info: string, aad: Uint8Array, sealed: Sealed): Promise<Uint8Array> {
    return hpkeOpen(hexToBytes(secretKey, 32), info, aad, sealed)
  }
}
