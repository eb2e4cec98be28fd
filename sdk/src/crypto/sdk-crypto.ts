/** The `Crypto` and `Rng` components of a light client: pure JavaScript and WebCrypto, no `node:`. */
import { ed25519 } from '@noble/curves/ed25519.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { hexToBytes } from '@duckmesh/protocols'
import type { Hex, Sealed } from '@duckmesh/protocols'
import { addressOf } from './address-of.ts'
import { hpkeSeal } from './hpke-seal.ts'
import type { ClientCrypto } from './client-crypto.ts'
import { rememberRecovery } from './remember-recovery.ts'
import { HpkeReplyKeys } from './reply-keys.ts'

export class SdkCrypto implements ClientCrypto {
  readonly replyKeys: HpkeReplyKeys = new HpkeReplyKeys(this)
  readonly #recover = rememberRecovery(recover)

  recoverAddress(digest: Hex, signature: Hex): Hex | null {
    return this.#recover(digest, signature)
  }

  verifyEd25519(peerKey: Hex, data: Uint8Array, signature: Uint8Array): boolean {
    try {
      return ed25519.verify(signature, data, hexToBytes(peerKey, 32))
    } catch {
      return false
    }
  }

  seal(encKey: Hex, info: string, aad: Uint8Array, plaintext: Uint8Array): Promise<Sealed> {
    return hpkeSeal(encKey, info, aad, plaintext)
  }

  bytes(length: number): Uint8Array {
    return crypto.getRandomValues(new Uint8Array(length))
  }
}

function recover(digest: Hex, signature: Hex): Hex | null {
  try {
    const bytes = hexToBytes(signature, 65)
    const recovery = (bytes[64] ?? 0) - 27
    if (recovery !== 0 && recovery !== 1) return null
    const parsed = secp256k1.Signature.fromBytes(bytes.subarray(0, 64), 'compact')
    if (parsed.hasHighS()) return null
    const point = parsed.addRecoveryBit(recovery).recoverPublicKey(hexToBytes(digest, 32))
    return addressOf(point.toBytes(false))
  } catch {
    return null
  }
}
