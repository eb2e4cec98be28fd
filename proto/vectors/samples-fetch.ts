/** Samples of the fetch protocol. */
import { MAX_SAFE, MAX_UINT32, bareHello, repeat } from './sample-values.ts'
import type * as types from '../src/types.ts'

const bytes = Uint8Array.of(1, 2, 3, 4)
const sha256 = repeat('5a', 32)

const fetchFrames: types.FetchFrame[] = [
  { kind: 'hello', hello: bareHello },
  { kind: 'manifestRequest', manifestRequest: { id: 1, modelId: repeat('3d', 32), offset: 0 } },
  { kind: 'manifestPart', manifestPart: { id: 1, size: 4, bytes } },
  { kind: 'piecesRequest', piecesRequest: { id: 2, sha256, from: 0 } },
  { kind: 'piecesRequest', piecesRequest: { id: 3, sha256, from: MAX_UINT32 } },
  { kind: 'pieceHashes', pieceHashes: { id: 2, size: MAX_SAFE, hashes: new Uint8Array(64).fill(7) } },
  { kind: 'blockRequest', blockRequest: { id: 4, sha256, offset: 1_048_576, length: 262_144 } },
  { kind: 'block', block: { id: 4, bytes } },
  { kind: 'refusal', refusal: { id: 5, code: 'NO_HOLDERS' } },
]

/** Samples by the name of their codec. */
export const FETCH_SAMPLES = { fetchFrame: fetchFrames } as const satisfies Record<
  string,
  readonly unknown[]
>
