/** Several byte strings in one record of a store: uint32 length, then the bytes, for each. */
import { DuckMeshError } from '../../errors.ts'

const LENGTH_BYTES = 4

export function packRecords(parts: readonly Uint8Array[]): Uint8Array {
  const size = parts.reduce((sum, part) => sum + LENGTH_BYTES + part.length, 0)
  const out = new Uint8Array(size)
  const view = new DataView(out.buffer)
  let at = 0
  for (const part of parts) {
    view.setUint32(at, part.length)
    out.set(part, at + LENGTH_BYTES)
    at += LENGTH_BYTES + part.length
  }
  return out
}

/** Throws STORE_CORRUPT for bytes that `packRecords` did not write. */
export function unpackRecords(bytes: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = []
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  while (at < bytes.length) {
    const start = at + LENGTH_BYTES
    const end = start <= bytes.length ? start + view.getUint32(at) : Infinity
    if (end > bytes.length) throw new DuckMeshError('STORE_CORRUPT', 'A record is cut short.')
    parts.push(bytes.subarray(start, end))
    at = end
  }
  return parts
}
