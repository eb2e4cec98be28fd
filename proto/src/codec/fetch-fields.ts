/** Fields of the fetch protocol (fetch.proto). */
import { outOfRange } from '../errors.ts'
import * as limits from '../limits.ts'
import { blob, bytes32 } from './bytes.ts'
import { hello } from './mesh-fields.ts'
import { integer, safeUint, uint32 } from './numbers.ts'
import { struct } from './struct.ts'
import { text } from './text.ts'
import { union } from './union.ts'
import type { Field, UnionField } from './interface.ts'
import type { FetchFrame } from '../types.ts'

const HASH_BYTES = 32
const packed = blob(HASH_BYTES, limits.MAX_PIECE_HASHES * HASH_BYTES)

function whole(bytes: Uint8Array, path: string): Uint8Array {
  if (bytes.length % HASH_BYTES === 0) return bytes
  throw outOfRange(path, 'expected whole hashes of 32 bytes')
}

/** Hashes without separators: as a list, a page of them would cost thousands of strings. */
const hashes: Field<Uint8Array> = {
  fromWire: (wire, path) => whole(packed.fromWire(wire, path), path),
  toWire: (value, path) => packed.toWire(whole(value, path), path),
}

const block = blob(1, limits.MAX_BLOCK_BYTES)
const manifestSize = integer(1, limits.MAX_MANIFEST_BYTES)

export const fetchFrame: UnionField<FetchFrame> = union<FetchFrame>({
  hello,
  manifestRequest: struct({
    id: uint32,
    modelId: bytes32,
    offset: integer(0, limits.MAX_MANIFEST_BYTES - 1),
  }),
  manifestPart: struct({ id: uint32, size: manifestSize, bytes: block }),
  piecesRequest: struct({ id: uint32, sha256: bytes32, from: uint32 }),
  pieceHashes: struct({ id: uint32, size: safeUint, hashes }),
  blockRequest: struct({
    id: uint32,
    sha256: bytes32,
    offset: safeUint,
    length: integer(1, limits.MAX_BLOCK_BYTES),
  }),
  block: struct({ id: uint32, bytes: block }),
  refusal: struct({ id: uint32, code: text(limits.MAX_CODE_BYTES, 1) }),
})
