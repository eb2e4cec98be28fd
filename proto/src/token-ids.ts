import { outOfRange } from './errors.ts'
import { MAX_UINT32 } from './limits.ts'

/** Concatenated uint32 big-endian: the form in which ids are hashed. Throws ProtoError FIELD_OUT_OF_RANGE. */
export function packTokenIds(ids: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(ids.length * 4)
  const view = new DataView(bytes.buffer)
  ids.forEach((id, i) => {
    if (!Number.isInteger(id) || id < 0 || id > MAX_UINT32) {
      throw outOfRange(`ids[${String(i)}]`, 'expected a uint32')
    }
    view.setUint32(i * 4, id)
  })
  return bytes
}
