/** What the content-addressed store of models gives to and takes from whoever moves models between machines. */
import type { Hex } from '@duckmesh/protocols'
import type { LoadedManifest } from '../engine/index.ts'

/** A model that is whole in the store. */
export interface StoredModel {
  modelId: Hex
  cid: string
  name: string
  /** Of its files together; a file shared with another model counts in both. */
  bytes: number
  pinned: boolean
  /** When an engine last opened it, or it was added; unix milliseconds. */
  usedAtMs: number
}

/** Reads what is whole: nothing here is served before its hash was right once. */
export interface BlockReader {
  /** Canonical bytes of a manifest: their sha-256 is the model's id. */
  manifest(modelId: Hex): Promise<Uint8Array | undefined>
  /** Bytes of a blob; undefined when it is not there as a whole. */
  size(sha256: string): Promise<number | undefined>
  /** A range of a blob; shorter where the blob ends. Rejects with BLOB_UNKNOWN when it is not there. */
  read(sha256: string, offset: number, length: number): Promise<Uint8Array>
  list(): Promise<StoredModel[]>
}

/** A blob on its way in. One writer at a time, across processes. */
export interface PartialBlob {
  /** Bytes from the start that are on disk; the size when nothing is missing. */
  readonly have: number
  /** Rejects with MODEL_CORRUPT when there are more than were announced, STORE_FULL when the disk is. */
  append(bytes: Uint8Array): Promise<void>
  /** Verifies the hash and makes the blob readable; rejects with MODEL_CORRUPT and removes it otherwise. */
  finish(): Promise<void>
  /** Keeps what is there for the next `partial` of the same blob. */
  close(): Promise<void>
}

/** Takes models in. A model is listed once all blobs of its manifest are there. */
export interface BlockWriter {
  /** Checks, and keeps in canonical form. Rejects with MODEL_MANIFEST_INVALID, STORE_QUOTA. */
  putManifest(bytes: Uint8Array): Promise<LoadedManifest>
  /** Opens a blob of `size` bytes for writing where it ended. Rejects with STORE_LOCKED, STORE_QUOTA. */
  partial(sha256: string, size: number): Promise<PartialBlob>
}

/** A model as an engine loads it; it stays in the store until it is released. */
export interface OpenModel {
  /** The folder to load; see `EngineInit.folders`. */
  folder: string
  /** Safe to call twice. */
  release: () => void
}

/** A model of which not everything has come in yet. */
export interface UnfinishedModel extends StoredModel {
  /** Bytes of the files that are whole; parts of files are not counted. */
  have: number
}

/** What a store holds and what it may hold, bytes. */
export interface StoreUsage {
  /** Each file once; files that are still missing count, since their place is kept. */
  bytes: number
  quotaBytes: number
}
