/** What the rules need from the outside; a node, a browser and a simulation each bring their own. */
import type { Hex, Sealed } from '@duckmesh/proto'

/** Wall clock in milliseconds since 1970 and timers on it; simulations run it in virtual time. */
export interface Clock {
  now(): number
  /** Calls `fn` once after `ms`; the returned function cancels. */
  after(ms: number, fn: () => void): () => void
}

export interface Rng {
  bytes(length: number): Uint8Array
}

/** Verification and sealing; signing keys stay behind `Signer` and `PeerSigner`. Hashes are in proto. */
export interface Crypto {
  /** Address that made this 65-byte signature over the digest. Throws nothing: returns null when invalid (also for high s). */
  recoverAddress(digest: Hex, signature: Hex): Hex | null
  /** Ed25519 over `data` by the 32-byte key. */
  verifyEd25519(peerKey: Hex, data: Uint8Array, signature: Uint8Array): boolean | Promise<boolean>
  /** HPKE base mode of SCHEMAS "Seal": info names the purpose, aad binds job and provider. */
  seal(encKey: Hex, info: string, aad: Uint8Array, plaintext: Uint8Array): Promise<Sealed>
}

/** Opens what was sealed to this peer's encryption key. Rejects with an error when the seal is not for it. */
export interface Unsealer {
  readonly encKey: Hex
  open(info: string, aad: Uint8Array, sealed: Sealed): Promise<Uint8Array>
}

/** Keys of one auction attempt: bids are sealed to the public one, showing the secret one opens them all. */
export interface ReplyKeys {
  /** A fresh X25519 pair, 32 bytes each. */
  create(): Promise<{ publicKey: Hex; secretKey: Hex }>
  /** The public key of a secret one; rejects with FIELD_OUT_OF_RANGE for 32 bytes that are no key. */
  publicKeyOf(secretKey: Hex): Promise<Hex>
  /** Opens a seal of SCHEMAS "Seal". Rejects with an error when anything differs from the sealing. */
  open(secretKey: Hex, info: string, aad: Uint8Array, sealed: Sealed): Promise<Uint8Array>
}

/** A secp256k1 key that signs EIP-712 digests: the operator's or the payer's. 65 bytes, low s, v 27 or 28. */
export interface Signer {
  readonly address: Hex
  signDigest(digest: Hex): Hex | Promise<Hex>
}

/** The Ed25519 key behind the libp2p peer id. */
export interface PeerSigner {
  /** 32 bytes. */
  readonly peerKey: Hex
  sign(data: Uint8Array): Uint8Array | Promise<Uint8Array>
}

/** Structured logs; never a prompt or text from the network above debug. */
export interface Logger {
  debug(event: string, fields?: Record<string, unknown>): void
  info(event: string, fields?: Record<string, unknown>): void
  warn(event: string, fields?: Record<string, unknown>): void
}

/** Which network this is: the name in every message and the EIP-712 domain. */
export interface NetworkIdentity {
  /** `<chainId>-<first 8 hex digits of the registry>`. */
  readonly name: string
  readonly chainId: number
  /** ProviderRegistry, the verifying contract of the domain. */
  readonly registry: Hex
}
