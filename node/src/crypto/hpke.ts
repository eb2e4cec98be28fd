/** Keys and opening of the HPKE seals of SCHEMAS "Seal", on the native suite. */
import type { Crypto } from '@duckmesh/protocols'
import { hpkeKeyPair, hpkeOpen as open } from '@duckmesh/sdk'
import { nativeSuite, x25519PublicKey } from './native-suite.ts'

/** Encapsulated key and ciphertext. */
export type Sealed = Awaited<ReturnType<Crypto['seal']>>

/** An X25519 pair: as the suite holds it, and its raw halves (32 bytes each). */
export interface HpkeKeyPair {
  keys: CryptoKeyPair
  rawPublic: Uint8Array
  rawPrivate: Uint8Array
}

/** Opens with one private key; rejects when anything (key, info, aad, ciphertext) differs from the sealing. */
export function hpkeOpen(
  pair: HpkeKeyPair,
  info: string,
  aad: Uint8Array,
  sealed: Sealed,
): Promise<Uint8Array> {
  return open(pair.keys, info, aad, sealed, nativeSuite)
}

/** The pair of a 32-byte private key; any 32 bytes are one (X25519 clamps). */
export async function importHpkeKey(rawPrivate: Uint8Array): Promise<HpkeKeyPair> {
  const rawPublic = x25519PublicKey(rawPrivate)
  return { keys: await hpkeKeyPair(rawPrivate, rawPublic, nativeSuite), rawPublic, rawPrivate }
}
