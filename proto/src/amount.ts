import { malformed, outOfRange } from './errors.ts'

/** Largest amount in wei: uint96. */
export const MAX_AMOUNT: bigint = 2n ** 96n - 1n

/** Bytes of an amount on the wire. */
export const AMOUNT_BYTES = 12

const LOW_HALF = 0xffff_ffff_ffff_ffffn

/** 12 bytes big-endian of wei in uint96. Throws ProtoError FIELD_OUT_OF_RANGE outside of it. */
export function amountToBytes(amount: bigint, field = 'amount'): Uint8Array {
  if (typeof amount !== 'bigint') throw outOfRange(field, 'expected a bigint of wei')
  if (amount < 0n || amount > MAX_AMOUNT) throw outOfRange(field, 'expected wei within uint96')
  const bytes = new Uint8Array(AMOUNT_BYTES)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, Number(amount >> 64n))
  view.setBigUint64(4, amount & LOW_HALF)
  return bytes
}

/** Wei of exactly 12 bytes big-endian. Throws ProtoError MALFORMED_FRAME for another length. */
export function bytesToAmount(bytes: Uint8Array, field = 'amount'): bigint {
  if (bytes.length !== AMOUNT_BYTES) {
    throw malformed(field, `expected 12 bytes (uint96 big-endian), got ${String(bytes.length)}`)
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, AMOUNT_BYTES)
  return (BigInt(view.getUint32(0)) << 64n) | view.getBigUint64(4)
}
