/** Keys of auction attempts: X25519 pairs whose secret half opens every bid (SCHEMAS "Seal"). */
import type { CipherSuite } from '@hpke/core'
import { x25519 } from '@noble/curves/ed25519.js'
import { DuckMeshError, bytesToHex, hexToBytes } from '@duckmesh/protocols'
import type { Hex, ReplyKeys, Rng, Sealed } from '@duckmesh/protocols'
import { hpkeKeyPair, hpkeOpen, webSuite } from './hpke-seal.ts'

/** Attempts whose pair is kept: every bid of an attempt is opened with the same one. The oldest goes first. */
const MAX_PAIRS = 32

/** What the keys are computed with. */
export interface ReplyKeyMath {
  suite: CipherSuite
  /** The X25519 public key of 32 secret bytes. */
  publicKeyOf: (secretKey: Uint8Array) => Uint8Array
}

/** WebCrypto and pure JavaScript, for any runtime. */
const WEB: ReplyKeyMath = { suite: webSuite, publicKeyOf: (secret) => x25519.getPublicKey(secret) }

interface Held {
  publicKey: Hex
  pair: Promise<CryptoKeyPair>
}

export class HpkeReplyKeys implements ReplyKeys {
  readonly #rng: Rng
  readonly #math: ReplyKeyMath
  readonly #held = new Map<Hex, Held>()

  constructor(rng: Rng, math: ReplyKeyMath = WEB) {
    this.#rng = rng
    this.#math = math
  }

  async create(): Promise<{ publicKey: Hex; secretKey: Hex }> {
    const secretKey = bytesToHex(this.#rng.bytes(32))
    return { publicKey: await this.publicKeyOf(secretKey), secretKey }
  }

  // Asynchronous, so that a key that is none rejects.
  async publicKeyOf(secretKey: Hex): Promise<Hex> {
    return Promise.resolve(this.#hold(secretKey).publicKey)
  }

  async open(secretKey: Hex, info: string, aad: Uint8Array, sealed: Sealed): Promise<Uint8Array> {
    return hpkeOpen(await this.#hold(secretKey).pair, info, aad, sealed, this.#math.suite)
  }

  #hold(secretKey: Hex): Held {
    const known = this.#held.get(secretKey)
    if (known !== undefined) return known
    const held = this.#compute(secretKey)
    this.#held.set(secretKey, held)
    const [oldest] = this.#held.keys()
    if (this.#held.size > MAX_PAIRS && oldest !== undefined) this.#held.delete(oldest)
    return held
  }

  #compute(secretKey: Hex): Held {
    try {
      const secret = hexToBytes(secretKey, 32)
      const publicKey = this.#math.publicKeyOf(secret)
      const pair = hpkeKeyPair(secret, publicKey, this.#math.suite)
      // Whoever asks for the public key alone hears nothing of it.
      pair.catch(() => undefined)
      return { publicKey: bytesToHex(publicKey), pair }
    } catch (cause) {
      const what = 'The reply secret is not an X25519 key.'
      throw new DuckMeshError('FIELD_OUT_OF_RANGE', what, { cause })
    }
  }
}
