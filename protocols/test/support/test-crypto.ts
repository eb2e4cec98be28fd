/** Real cryptography for tests: secp256k1 and Ed25519 by noble, HPKE by @hpke/core; keys from small numbers. */
import { Aes128Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core'
import { ed25519, x25519 } from '@noble/curves/ed25519.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import type { Hex, Sealed } from '@duckmesh/proto'
import type {
  Crypto,
  NetworkIdentity,
  PeerSigner,
  Rng,
  Signer,
  Unsealer,
} from '../../src/components.ts'

const hex = (bytes: Uint8Array): Hex => `0x${bytesToHex(bytes)}`
const unhex = (text: Hex): Uint8Array => hexToBytes(text.slice(2))
/** WebCrypto wants a plain ArrayBuffer behind what it is given. */
const plain = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer

const suite = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes128Gcm(),
})

/** The network every test speaks. */
export const TEST_NETWORK: NetworkIdentity = {
  name: '31337-5fbdb231',
  chainId: 31337,
  registry: '0x5fbdb2315678afecb367f032d93f642f64180aa3',
}

/** 32 secret bytes from a label, the same in every run. */
export function secret(label: string): Uint8Array {
  return sha256(new TextEncoder().encode(`duckmesh test ${label}`))
}

/** A deterministic source of bytes. */
export function testRng(label = 'rng'): Rng {
  let counter = 0
  return {
    bytes(length) {
      const out = new Uint8Array(length)
      for (let i = 0; i < length; i += 32) {
        out.set(secret(`${label} ${counter++}`).subarray(0, Math.min(32, length - i)), i)
      }
      return out
    },
  }
}

function addressOf(publicKey: Uint8Array): Hex {
  return hex(keccak_256(publicKey.subarray(1)).subarray(12))
}

function recoverAddress(digest: Hex, signature: Hex): Hex | null {
  try {
    const bytes = unhex(signature)
    const v = bytes[64]
    if (bytes.length !== 65 || (v !== 27 && v !== 28)) return null
    const recovered = new Uint8Array([v - 27, ...bytes.subarray(0, 64)])
    const parsed = secp256k1.Signature.fromBytes(recovered, 'recovered')
    if (parsed.hasHighS()) return null
    return addressOf(parsed.recoverPublicKey(unhex(digest)).toBytes(false))
  } catch {
    return null
  }
}

async function seal(
  encKey: Hex,
  info: string,
  aad: Uint8Array,
  plaintext: Uint8Array,
): Promise<Sealed> {
  const recipientPublicKey = await suite.kem.deserializePublicKey(plain(unhex(encKey)))
  const sender = await suite.createSenderContext({
    recipientPublicKey,
    info: plain(new TextEncoder().encode(info)),
  })
  const ciphertext = await sender.seal(plain(plaintext), plain(aad))
  return { enc: new Uint8Array(sender.enc), ciphertext: new Uint8Array(ciphertext) }
}

/** The `Crypto` component over noble; nothing is faked. */
export const testCrypto: Crypto = {
  recoverAddress,
  verifyEd25519(peerKey, data, signature) {
    try {
      return ed25519.verify(signature, data, unhex(peerKey))
    } catch {
      return false
    }
  },
  seal,
}

/** A secp256k1 signer whose key comes from the label. */
export function testSigner(label: string): Signer {
  const key = secret(`secp256k1 ${label}`)
  return {
    address: addressOf(secp256k1.getPublicKey(key, false)),
    signDigest(digest) {
      const signature = secp256k1.sign(unhex(digest), key, { prehash: false, format: 'recovered' })
      return hex(new Uint8Array([...signature.subarray(1), 27 + (signature[0] ?? 0)]))
    },
  }
}

/** 32-byte Ed25519 seed of `testPeerSigner(label)`; hosts of tests are built from it. */
export function peerSeed(label: string): Uint8Array {
  return secret(`ed25519 ${label}`)
}

/** An Ed25519 peer key from the label. */
export function testPeerSigner(label: string): PeerSigner {
  const seed = peerSeed(label)
  return {
    peerKey: hex(ed25519.getPublicKey(seed)),
    sign: (data) => ed25519.sign(data, seed),
  }
}

/** An X25519 key from the label that opens what `testCrypto.seal` sealed to it. */
export function testUnsealer(label: string): Unsealer {
  const seed = secret(`x25519 ${label}`)
  const key = suite.kem.deserializePrivateKey(plain(seed))
  return {
    encKey: hex(x25519.getPublicKey(seed)),
    async open(info, aad, sealed) {
      const recipient = await suite.createRecipientContext({
        recipientKey: await key,
        enc: plain(sealed.enc),
        info: plain(new TextEncoder().encode(info)),
      })
      return new Uint8Array(await recipient.open(plain(sealed.ciphertext), plain(aad)))
    },
  }
}
