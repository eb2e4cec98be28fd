/** Messages of the fetch protocol: what the codecs return and take. */
import type { Hello, Hex } from './base-types.ts'

/** Asks for a model's manifest from byte `offset` on. */
export interface ManifestRequest {
  id: number
  modelId: Hex
  offset: number
}

/** `size` of the whole manifest, bytes. */
export interface ManifestPart {
  id: number
  size: number
  bytes: Uint8Array
}

/** Asks for the hashes of a blob's pieces from piece `from` on; `sha256` is that of the whole blob. */
export interface PiecesRequest {
  id: number
  sha256: Hex
  from: number
}

/** `size` of the whole blob, bytes; `hashes` are 32 bytes for each piece of 1 MiB. */
export interface PieceHashes {
  id: number
  size: number
  hashes: Uint8Array
}

/** Asks for `length` bytes of a blob. */
export interface BlockRequest {
  id: number
  sha256: Hex
  offset: number
  length: number
}

export interface Block {
  id: number
  bytes: Uint8Array
}

/** Why there is no answer: a code of the error registry. */
export interface FetchRefusal {
  id: number
  code: string
}

export type FetchFrame =
  | { kind: 'hello'; hello: Hello }
  | { kind: 'manifestRequest'; manifestRequest: ManifestRequest }
  | { kind: 'manifestPart'; manifestPart: ManifestPart }
  | { kind: 'piecesRequest'; piecesRequest: PiecesRequest }
  | { kind: 'pieceHashes'; pieceHashes: PieceHashes }
  | { kind: 'blockRequest'; blockRequest: BlockRequest }
  | { kind: 'block'; block: Block }
  | { kind: 'refusal'; refusal: FetchRefusal }
