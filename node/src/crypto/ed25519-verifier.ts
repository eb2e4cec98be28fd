import { createPublicKey, verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { Hex } from 'viem'
import { bytesOf } from './hex.ts'

/** SubjectPublicKeyInfo header of an Ed25519 key (RFC 8410); the 32 raw bytes follow. */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')

/** Parsed keys kept: parsing costs 25 us a message, a peer rarely talks to more than a few hundred others. */
export const KEY_CACHE_SIZE = 1024

/** Ed25519 by node:crypto, ten times faster than JavaScript, with the parsed keys of recent peers at hand. */
export class Ed25519Verifier {
  readonly #keys = new Map<Hex, KeyObject>()
  readonly #size: number

  constructor(size: number = KEY_CACHE_SIZE) {
    this.#size = size
  }

  /** True when `signature` (64 bytes) over `data` is by the 32-byte key; false for anything malformed. */
  verify(peerKey: Hex, data: Uint8Array, signature: Uint8Array): boolean {
    const key = this.#keyOf(peerKey)
    if (key === null || signature.length !== 64) return false
    return verify(null, data, key, signature)
  }

  /** Parsed keys in memory now. */
  get cached(): number {
    return this.#keys.size
  }

  #keyOf(peerKey: Hex): KeyObject | null {
    const known = this.#keys.get(peerKey)
    if (known !== undefined) {
      // Map keeps insertion order: moving a used key to the end makes the first one the least recently used.
      this.#keys.delete(peerKey)
      this.#keys.set(peerKey, known)
      return known
    }
    const raw = bytesOf(peerKey, 32)
    if (raw === null) return null
    const key = createPublicKey({
      key: Buffer.concat([SPKI_PREFIX, raw]),
      format: 'der',
      type: 'spki',
    })
    this.#remember(peerKey, key)
    return key
  }

  #remember(peerKey: Hex, key: KeyObject): void {
    this.#keys.set(peerKey, key)
    if (this.#keys.size <= this.#size) return
    for (const oldest of this.#keys.keys()) {
      this.#keys.delete(oldest)
      return
    }
  }
}
