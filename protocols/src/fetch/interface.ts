/** What the fetch protocol needs of a store, of the network and of whoever watches. */
import type { FetchFrame, Hex } from '@duckmesh/proto'
import type { PeerId } from '@libp2p/interface'

/** sha-256; asynchronous where another thread can do it. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>

/** What a server reads: only what is whole. Hashes are 64 hex digits without 0x, as in manifests. */
export interface BlobSource {
  /** Canonical bytes of a manifest, whose sha-256 is the model's id. */
  manifest(modelId: Hex): Promise<Uint8Array | undefined>
  /** Bytes of a blob; undefined when it is not there. */
  size(sha256: string): Promise<number | undefined>
  read(sha256: string, offset: number, length: number): Promise<Uint8Array>
}

/** A blob on its way into a store. */
export interface IncomingBlob {
  /** Bytes from the start that are there. */
  readonly have: number
  append(bytes: Uint8Array): Promise<void>
  /** Keeps it for good. Rejects, after it removed the bytes, when they do not have the hash. */
  finish(): Promise<void>
  /** Keeps the bytes for the next attempt. */
  close(): Promise<void>
}

/** A file of a manifest: bytes, and 64 hex digits. */
export interface BlobRef {
  readonly size: number
  readonly sha256: string
}

/** A manifest that a store checked and took. */
export interface TakenManifest {
  readonly modelId: Hex
  readonly manifest: { readonly name: string; readonly files: readonly BlobRef[] }
}

/** Where a pull puts what it fetched. */
export interface BlobSink {
  putManifest(bytes: Uint8Array): Promise<TakenManifest>
  partial(sha256: string, size: number): Promise<IncomingBlob>
}

/** One question of the protocol, without its id. */
export type FetchQuery =
  | { kind: 'manifest'; modelId: Hex; offset: number }
  | { kind: 'pieces'; sha256: Hex; from: number }
  | { kind: 'block'; sha256: Hex; offset: number; length: number }

/** Frames that answer. */
export type FetchAnswer = Extract<
  FetchFrame,
  { kind: 'manifestPart' | 'pieceHashes' | 'block' | 'refusal' }
>

/** Asks one peer; `FetchClient` does it by libp2p. */
export interface FetchPort {
  ask(peer: PeerId, query: FetchQuery, signal: AbortSignal): Promise<FetchAnswer>
}

/** Who may have a model; more may be told by a later search. */
export type HolderSearch = (signal: AbortSignal) => AsyncIterable<PeerId>

/** What a pull tells while it runs. Bytes are of all files, each counted once. */
export type PullEvent =
  | { type: 'manifest'; name: string; bytes: number; files: number }
  | { type: 'progress'; have: number; bytes: number; holders: number }
  /** A holder that is not asked again: it told or sent something that the model contradicts. */
  | { type: 'blamed'; peer: string; reason: string }
  /** A holder that failed and is asked again later. */
  | { type: 'failed'; peer: string; code: string }
