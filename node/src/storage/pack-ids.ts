/** Token ids as big-endian uint32, four bytes each: what roots are computed over (SCHEMAS "EIP-712 structs"). */
export function packIds(ids: readonly number[]): Uint8Array {
  const out = new Uint8Array(4 * ids.length)
  const view = new DataView(out.buffer)
  for (const [index, id] of ids.entries()) view.setUint32(4 * index, id)
  return out
}

/** The inverse of `packIds`. */
export function unpackIds(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: bytes.byteLength / 4 }, (_, index) => view.getUint32(4 * index))
}
