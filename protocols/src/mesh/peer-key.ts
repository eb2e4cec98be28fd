import { bytesToHex, hexToBytes } from '@duckmesh/proto'
import { base58btc } from 'multiformats/bases/base58'
import { DuckMeshError } from '../errors.ts'
import type { Hex } from '@duckmesh/proto'
import type { PeerId } from '@libp2p/interface'

/**
 * What stands before the 32 key bytes in the multihash of an Ed25519 peer id: identity hash of 36 bytes,
 * then the protobuf of libp2p's PublicKey {type: Ed25519, data: 32 bytes}.
 */
const ED25519_PREFIX = Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20)
const KEY_BYTES = 32

/**
 * Ed25519 key of a peer id given as multihash bytes, 32 bytes of hex (M-5).
 *
 * @throws DuckMeshError MALFORMED_FRAME for any other kind of peer id
 */
export function peerKeyOfMultihash(multihash: Uint8Array): Hex {
  const fits = multihash.length === ED25519_PREFIX.length + KEY_BYTES
  if (!fits || ED25519_PREFIX.some((byte, i) => multihash[i] !== byte)) {
    throw new DuckMeshError('MALFORMED_FRAME', 'The peer id is not an Ed25519 key.')
  }
  return bytesToHex(multihash.subarray(ED25519_PREFIX.length))
}

/** Ed25519 key of a libp2p peer id. Throws DuckMeshError MALFORMED_FRAME for RSA, secp256k1 and URL ids. */
export function peerKeyOf(peerId: PeerId): Hex {
  return peerKeyOfMultihash(peerId.toMultihash().bytes)
}

/** Multihash bytes of the peer id of a key: `EnvelopeBody.peerId`. */
export function multihashOf(peerKey: Hex): Uint8Array {
  const key = hexToBytes(peerKey, KEY_BYTES, 'peerKey')
  const multihash = new Uint8Array(ED25519_PREFIX.length + KEY_BYTES)
  multihash.set(ED25519_PREFIX)
  multihash.set(key, ED25519_PREFIX.length)
  return multihash
}

/** The peer id of a key as libp2p prints it (`12D3Koo…`). */
export function peerIdStringOf(peerKey: Hex): string {
  return base58btc.baseEncode(multihashOf(peerKey))
}
