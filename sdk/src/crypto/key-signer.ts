/** A raw secp256k1 key as the `Signer` of orders, awards and vouchers. */
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { bytesToHex, hexToBytes, lowerHex } from '@duckmesh/protocols'
import type { Hex, Signer } from '@duckmesh/protocols'
import { addressOf } from './address-of.ts'

/** Signs deterministically (RFC 6979), low s, v 27 or 28. Throws for anything but 32 bytes of hex within the group order. */
export function keySigner(privateKey: Hex): Signer {
  const key = hexToBytes(lowerHex(privateKey), 32)
  const address = addressOf(secp256k1.getPublicKey(key, false))
  return {
    address,
    signDigest: (digest) => {
      const options = { prehash: false, format: 'recovered' } as const
      const [recovery = 0, ...rs] = secp256k1.sign(hexToBytes(digest, 32), key, options)
      return bytesToHex(Uint8Array.of(...rs, 27 + recovery))
    },
  }
}
