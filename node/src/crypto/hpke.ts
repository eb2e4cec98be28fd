/** Opening HPKE seals of SCHEMAS "Seal" (the sdk seals): DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM. */
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { Aes128Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core'
import type { Crypto } from '@duckmesh/protocols'

/** Encapsulated key and ciphertext. */
export type Sealed = Awaited<ReturnType<Crypto['seal']>>

const suite = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes128Gcm(),
})

/** An X25519 pair: as the suite holds it, and its raw halves (32 bytes each). */
export interface HpkeKeyPair {
  keys: CryptoKeyPair
  rawPublic: Uint8Array
  rawPrivate: Uint8Array
}

/** PKCS #8 header of an X25519 key (RFC 8410); the 32 raw bytes follow. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex')
/** SubjectPublicKeyInfo of an X25519 key: this many bytes of header before the 32 raw ones. */
const SPKI_HEADER_BYTES = 12

const text = new TextEncoder()

/** Opens with one private key; rejects when anything (key, info, aad, ciphertext) differs from the sealing. */
export async function hpkeOpen(
  pair: HpkeKeyPair,
  info: string,
  aad: Uint8Array,
  sealed: Sealed,
): Promise<Uint8Array> {
  const params = {
    recipientKey: pair.keys,
    enc: bufferOf(sealed.enc),
    info: bufferOf(text.encode(info)),
  }
  return new Uint8Array(await suite.open(params, bufferOf(sealed.ciphertext), bufferOf(aad)))
}

/** The pair of a 32-byte private key; any 32 bytes are one (X25519 clamps). */
export async function importHpkeKey(rawPrivate: Uint8Array): Promise<HpkeKeyPair> {
  const der = Buffer.concat([PKCS8_PREFIX, rawPrivate])
  const spki = createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })).export(
    {
      format: 'der',
      type: 'spki',
    },
  )
  const rawPublic = new Uint8Array(spki.subarray(SPKI_HEADER_BYTES))
  const privateKey = await suite.kem.deserializePrivateKey(bufferOf(rawPrivate))
  const publicKey = await suite.kem.deserializePublicKey(bufferOf(rawPublic))
  return { keys: { privateKey, publicKey }, rawPublic, rawPrivate }
}

/** The suite wants ArrayBuffers of exactly the content; a Uint8Array may be a view into a larger one. */
function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer
}
