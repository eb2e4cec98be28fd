/**
 * The HPKE suite of SCHEMAS "Seal" on node:crypto. The same suite on WebCrypto costs five times as much: each of its
 * dozen small steps goes through the thread pool there, and a provider opens five bids for every job of the mesh.
 */
import { createCipheriv, createDecipheriv, createHmac, createPrivateKey } from 'node:crypto'
import { createPublicKey, diffieHellman, hkdfSync, randomBytes } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { Dhkem, KemId, XCurveDhkemPrimitives } from '@hpke/common'
import type { AeadEncryptionContext } from '@hpke/common'
import { Aes128Gcm, CipherSuite, HkdfSha256 } from '@hpke/core'

/** Bytes of an X25519 key, public or secret (RFC 7748). */
const KEY_BYTES = 32
/** Bytes of an AES-GCM tag (RFC 5116). */
const TAG_BYTES = 16

type Bytes = ArrayBufferLike | ArrayBufferView

/** A view of what the suite hands over, without a copy. */
function view(bytes: Bytes): Uint8Array {
  if (!ArrayBuffer.isView(bytes)) return new Uint8Array(bytes)
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** A buffer of exactly the content: small results of node:crypto are views into a shared pool. */
function exact(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer
}

/** HKDF-SHA256 (RFC 5869). */
class NativeHkdf extends HkdfSha256 {
  override extract(salt: Bytes, ikm: Bytes): Promise<ArrayBuffer> {
    // An empty key and a zero one of the block's length are the same key of HMAC (RFC 2104).
    return Promise.resolve(exact(createHmac('sha256', view(salt)).update(view(ikm)).digest()))
  }

  override extractAndExpand(
    salt: Bytes,
    ikm: Bytes,
    info: Bytes,
    length: number,
  ): Promise<ArrayBuffer> {
    return Promise.resolve(hkdfSync('sha256', view(ikm), view(salt), view(info), length))
  }
}

/** AES-128-GCM (RFC 5116). */
class NativeAesGcm extends Aes128Gcm {
  override createEncryptionContext(key: Bytes): AeadEncryptionContext {
    const secret = new Uint8Array(view(key))
    return {
      seal: (iv, data, aad) => {
        const cipher = createCipheriv('aes-128-gcm', secret, view(iv)).setAAD(view(aad))
        const parts = [cipher.update(view(data)), cipher.final(), cipher.getAuthTag()]
        return Promise.resolve(exact(Buffer.concat(parts)))
      },
      // Asynchronous, so that a tag that does not hold rejects.
      open: async (iv, data, aad) => {
        const sealed = view(data)
        const end = Math.max(sealed.length - TAG_BYTES, 0)
        const decipher = createDecipheriv('aes-128-gcm', secret, view(iv), {
          authTagLength: TAG_BYTES,
        })
        decipher.setAAD(view(aad)).setAuthTag(sealed.subarray(end))
        const parts = [decipher.update(sealed.subarray(0, end)), decipher.final()]
        return Promise.resolve(exact(Buffer.concat(parts)))
      },
    }
  }
}

/** Key objects by the raw bytes they were made of, for as long as those live. */
const secretKeys = new WeakMap<Uint8Array, KeyObject>()
const text64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')

function secretKeyOf(raw: Uint8Array): KeyObject {
  let key = secretKeys.get(raw)
  if (key === undefined) {
    // The public half is derived from `d`; the field must only be there.
    const jwk = { kty: 'OKP', crv: 'X25519', d: text64(raw), x: '' }
    key = createPrivateKey({ key: jwk, format: 'jwk' })
    secretKeys.set(raw, key)
  }
  return key
}

/** Public key of 32 secret bytes; any 32 bytes are a key (X25519 clamps). */
export function x25519PublicKey(secret: Uint8Array): Uint8Array {
  const { x = '' } = secretKeyOf(secret).export({ format: 'jwk' })
  return new Uint8Array(Buffer.from(x, 'base64url'))
}

/** X25519 (RFC 7748) as the suite's key exchange uses it; points of small order are refused by OpenSSL. */
const x25519 = {
  getPublicKey: x25519PublicKey,
  getSharedSecret: (secret: Uint8Array, point: Uint8Array): Uint8Array => {
    const jwk = { kty: 'OKP', crv: 'X25519', x: text64(point) }
    const publicKey = createPublicKey({ key: jwk, format: 'jwk' })
    return new Uint8Array(diffieHellman({ privateKey: secretKeyOf(secret), publicKey }))
  },
  utils: { randomSecretKey: () => Promise.resolve(new Uint8Array(randomBytes(KEY_BYTES))) },
}

/** DHKEM(X25519, HKDF-SHA256) of RFC 9180 §7.1. */
class NativeKem extends Dhkem {
  override readonly id = KemId.DhkemX25519HkdfSha256
  override readonly secretSize = KEY_BYTES
  override readonly encSize = KEY_BYTES
  override readonly publicKeySize = KEY_BYTES
  override readonly privateKeySize = KEY_BYTES

  constructor() {
    const kdf = new NativeHkdf()
    const curve = x25519 as ConstructorParameters<typeof XCurveDhkemPrimitives>[2]
    super(
      KemId.DhkemX25519HkdfSha256,
      new XCurveDhkemPrimitives('X25519', KEY_BYTES, curve, kdf),
      kdf,
    )
  }
}

export const nativeSuite: CipherSuite = new CipherSuite({
  kem: new NativeKem(),
  kdf: new NativeHkdf(),
  aead: new NativeAesGcm(),
})
