import { createPrivateKey, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { PeerSigner } from '@duckmesh/protocols'
import type { Ed25519PrivateKey } from '@libp2p/interface'
import type { Hex } from 'viem'
import { hexOf } from './hex.ts'

/** PKCS #8 header of an Ed25519 key (RFC 8410); the 32-byte seed follows. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')

/** Signs envelopes with the key behind the libp2p peer id, by node:crypto. */
export class NodePeerSigner implements PeerSigner {
  readonly peerKey: Hex
  readonly #key: KeyObject

  constructor(privateKey: Ed25519PrivateKey) {
    // libp2p keeps seed ‖ public key, 64 bytes.
    const der = Buffer.concat([PKCS8_PREFIX, privateKey.raw.subarray(0, 32)])
    this.#key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    this.peerKey = hexOf(privateKey.publicKey.raw)
  }

  sign(data: Uint8Array): Uint8Array {
    return new Uint8Array(sign(null, data, this.#key))
  }
}
