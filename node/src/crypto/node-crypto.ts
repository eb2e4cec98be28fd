/** The cryptography of a Node process: WASM secp256k1, Ed25519 and HPKE on node:crypto. */
import { randomBytes } from 'node:crypto'
import { HpkeReplyKeys, hpkeSeal, rememberRecovery } from '@duckmesh/sdk'
import type { ClientCrypto } from '@duckmesh/sdk'
import type { Hex } from 'viem'
import { Ed25519Verifier } from './ed25519-verifier.ts'
import type { Sealed } from './hpke.ts'
import { nativeSuite, x25519PublicKey } from './native-suite.ts'
import { recoverSigner } from './secp256k1.ts'

const replyKeyMath = { suite: nativeSuite, publicKeyOf: x25519PublicKey }

export class NodeCrypto implements ClientCrypto {
  readonly replyKeys: HpkeReplyKeys = new HpkeReplyKeys(this, replyKeyMath)
  readonly #ed25519 = new Ed25519Verifier()
  readonly #recover = rememberRecovery(recoverSigner)

  recoverAddress(digest: Hex, signature: Hex): Hex | null {
    return this.#recover(digest, signature)
  }

  verifyEd25519(peerKey: Hex, data: Uint8Array, signature: Uint8Array): boolean {
    return this.#ed25519.verify(peerKey, data, signature)
  }

  /** Rejects with FIELD_OUT_OF_RANGE when `encKey` is not a usable X25519 key. */
  seal(encKey: Hex, info: string, aad: Uint8Array, plaintext: Uint8Array): Promise<Sealed> {
    return hpkeSeal(encKey, info, aad, plaintext, nativeSuite)
  }

  bytes(length: number): Uint8Array {
    return new Uint8Array(randomBytes(length))
  }
}
