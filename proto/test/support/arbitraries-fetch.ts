/** Random valid values of the fetch protocol. */
import fc from 'fast-check'
import * as limits from '../../src/limits.ts'
import {
  blob,
  framed,
  hash,
  hello,
  record,
  safeUint,
  text,
  uint,
  uint32,
} from './arbitrary-values.ts'

const block = blob(1, 300)
const length = uint(limits.MAX_BLOCK_BYTES, 1)
const hashes = fc.integer({ min: 1, max: 12 }).chain((count) => blob(32 * count, 32 * count))

/** By codec name. */
export const FETCH_ARBITRARIES: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  fetchFrame: fc.oneof(
    framed('hello', hello),
    framed(
      'manifestRequest',
      record({ id: uint32, modelId: hash, offset: uint(limits.MAX_MANIFEST_BYTES - 1) }),
    ),
    framed(
      'manifestPart',
      record({ id: uint32, size: uint(limits.MAX_MANIFEST_BYTES, 1), bytes: block }),
    ),
    framed('piecesRequest', record({ id: uint32, sha256: hash, from: uint32 })),
    framed('pieceHashes', record({ id: uint32, size: safeUint, hashes })),
    framed('blockRequest', record({ id: uint32, sha256: hash, offset: safeUint, length })),
    framed('block', record({ id: uint32, bytes: block })),
    framed('refusal', record({ id: uint32, code: text(limits.MAX_CODE_BYTES, 1) })),
  ),
}
