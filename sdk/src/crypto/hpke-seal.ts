/** HPKE base mode seal and open (RFC 9180) with the suite of SCHEMAS "Seal". */
import { Aes128Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core'
import { DuckMeshError, hexToBytes } from '@duckmesh/protocols'
import type { Hex, Sealed } from '@duckmesh/protocols'

/** The suite on WebCrypto, for any runtime. */
export const webSuite: CipherSuite = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes128Gcm(),
})

/**
 * Seals to a 32-byte X25519 key. Rejects with FIELD_OUT_OF_RANGE when the key cannot be sealed to. `suite` is the
 * same suite on other primitives, for example native ones.
 */
export async function hpkeSeal(
  encKey: Hex,
  info: string,
  aad: Uint8Array,
  plaintext: Uint8Array,
  suite: CipherSuite = webSuite,
): Promise<Sealed> {
  try {
    const recipientPublicKey = await suite.kem.deserializePublicKey(
      bufferOf(hexToBytes(encKey, 32)),
    )
    const sender = { recipientPublicKey, info: bufferOf(new TextEncoder().encode(info)) }
    const sealed = await suite.seal(sender, bufferOf(plaintext), bufferOf(aad))
    return { enc: new Uint8Array(sealed.enc), ciphertext: new Uint8Array(sealed.ct) }
  } catch (cause) {
    // Small-order points give an all-zero secret, which the suite refuses (RFC 9180 §7.1.4).
    throw new DuckMeshError('FIELD_OUT_OF_RANGE', 'The encryption key cannot be sealed to.', {
      cause,
      details: { field: 'encKey', value: encKey },
    })
  }
}

/** The pair of 32 secret bytes and their public key, as the suite holds it. */
export async function hpkeKeyPair(
  secretKey: Uint8Array,
  publicKey: Uint8Array,
  suite: CipherSuite = webSuite,
): Promise<CryptoKeyPair> {
  return {
    privateKey: await suite.kem.deserializePrivateKey(bufferOf(secretKey)),
    publicKey: await suite.kem.deserializePublicKey(bufferOf(publicKey)),
  }
}

/** Opens with a pair of `hpkeKeyPair`; rejects when anything (key, info, aad, ciphertext) differs from the sealing. */
export async function hpkeOpen(
  recipientKey: CryptoKeyPair,
  info: string,
  aad: Uint8Array,
  sealed: Sealed,
  suite: CipherSuite = webSuite,
): Promise<Uint8Array> {
  const recipient = {
    recipientKey,
    enc: bufferOf(sealed.enc),
    info: bufferOf(new TextEncoder().encode(info)),
  }
  return new Uint8Array(await suite.open(recipient, bufferOf(sealed.ciphertext), bufferOf(aad)))
}

/** The suite wants buffers of exactly the content; a Uint8Array may be a view into a larger one. */
function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer
}
