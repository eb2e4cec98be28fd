import type { Hex } from 'viem'

const HEX = /^0x(?:[0-9a-f]{2})*$/i

/** Bytes of a `0x` hex string of exactly `length` bytes, or null: what a network peer wrote is data, not an error. */
export function bytesOf(hex: Hex, length: number): Uint8Array | null {
  if (hex.length !== 2 + 2 * length || !HEX.test(hex)) return null
  return new Uint8Array(Buffer.from(hex.slice(2), 'hex'))
}

/** Lower-case `0x` hex of the bytes. */
export function hexOf(bytes: Uint8Array): Hex {
  return `0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}`
}
