/**
 * secp256k1 over libsecp256k1 compiled to WASM: sign 0.19 ms, recover 0.40 ms, against 1.1 and 2.4 in pure
 * JavaScript (SCHEMAS "Dependencies decided by trial").
 */
import { isPrivate, pointFromScalar, recover, signRecoverable } from 'tiny-secp256k1'
import { keccak256 } from 'viem'
import type { Hex } from 'viem'
import { bytesOf, hexOf } from './hex.ts'

/** Half the group order: a signature with a larger s is a malleated copy and is refused (EIP-2). */
const HALF_ORDER = Buffer.from(
  '7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0',
  'hex',
)

/** True when these 32 bytes are a valid private key. */
export function isPrivateKey(key: Uint8Array): boolean {
  return isPrivate(key)
}

/** The 20-byte address of a valid private key, lower case. */
export function addressOfKey(key: Uint8Array): Hex {
  const point = pointFromScalar(key, false)
  // A valid scalar times the generator is never the point at infinity; `isPrivateKey` guards the callers.
  if (point === null) throw new RangeError('private key out of range')
  return addressOfPoint(point)
}

/** The address that made this signature (r, s, v of 27 or 28, low s) over the digest; null when invalid. */
export function recoverSigner(digest: Hex, signature: Hex): Hex | null {
  const hash = bytesOf(digest, 32)
  const bytes = bytesOf(signature, 65)
  if (hash === null || bytes === null) return null
  const v = bytes[64]
  if ((v !== 27 && v !== 28) || HALF_ORDER.compare(bytes.subarray(32, 64)) < 0) return null
  try {
    const point = recover(hash, bytes.subarray(0, 64), v === 28 ? 1 : 0, false)
    return point === null ? null : addressOfPoint(point)
  } catch {
    // The binding throws where r or s is zero or above the group order: just another invalid signature.
    return null
  }
}

/** RFC 6979 signature with low s: r, s, v, 65 bytes. */
export function signHash(digest: Uint8Array, key: Uint8Array): Hex {
  const { signature, recoveryId } = signRecoverable(digest, key)
  const out = new Uint8Array(65)
  out.set(signature)
  out[64] = 27 + recoveryId
  return hexOf(out)
}

/** keccak256 of the uncompressed point without its 0x04 prefix, last 20 bytes. */
function addressOfPoint(point: Uint8Array): Hex {
  return `0x${keccak256(point.subarray(1)).slice(-40)}`
}
