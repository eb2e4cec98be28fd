/** What dispatch keeps on disk: one row per awarded segment, on the provider and on the client. */
import type { Hex } from '@duckmesh/proto'
import type { JobFailure, JobState } from './interface.ts'

/**
 * When a write resolves. `durable`: committed and synced at once. `grouped`: committed and synced together with
 * other writes, within 50 ms. Both are on disk when the promise resolves, and a store applies writes in the
 * order of the calls. DESIGN §5 names which frame needs which.
 */
export type Durability = 'durable' | 'grouped'

/** Address of a row: one segment of one job. */
export interface SegmentKey {
  jobId: Hex
  segment: number
}

/** When a segment entered a state, in milliseconds since 1970. */
export interface StateAt {
  state: JobState
  atMs: number
}

/** What is needed to finish, bill or resume a segment after a crash. */
export interface SegmentRow extends SegmentKey {
  payer: Hex
  provider: Hex
  /** The last of `history`. */
  state: JobState
  history: readonly StateAt[]
  /** Prices, bounds, award: JSON that only the writer reads. */
  terms: string
  /** Encoded `SignedReceipt`s in the order they were appended. */
  receipts: readonly Uint8Array[]
  /** Token ids of the completion so far, prefix not included. */
  completionIds: readonly number[]
  /** Redundant mode: what opens the commitments of the receipts together with the ids. */
  salt?: Hex
  failure?: JobFailure
}

/** A row before its first step: `history` starts as one entry made of `state` and `atMs`. */
export interface NewSegment extends SegmentKey {
  payer: Hex
  provider: Hex
  state: JobState
  atMs: number
  terms: string
}

/** One transaction on a row; absent fields stay as they are. */
export interface SegmentPatch {
  /** Appended to the history; repeating the current state is allowed and appends nothing. */
  enter?: StateAt
  /** Appended. */
  receipt?: Uint8Array
  /** Appended. */
  ids?: readonly number[]
  /** Written once. */
  salt?: Hex
  failure?: JobFailure
}

/** The log of segments. Every method rejects with a `DuckMeshError` of stage `store` when the disk fails. */
export interface JobLog {
  /** Rejects with SEGMENT_USED when the key exists, whatever the row says: an award is good once (DESIGN §5). */
  insertSegment(row: NewSegment, level: Durability): Promise<void>
  /** Rejects with JOB_UNKNOWN when there is no such row. */
  updateSegment(key: SegmentKey, patch: SegmentPatch, level: Durability): Promise<void>
  getSegment(key: SegmentKey): Promise<SegmentRow | undefined>
  /** Rows that are in one of the states (all rows when not given), oldest first. */
  listSegments(filter?: { states?: readonly JobState[]; jobId?: Hex }): Promise<SegmentRow[]>
  /**
   * Forgets what finished segments delivered: completion ids (kept 48 h for Resume) or receipts (kept for the
   * fault window) of terminal rows that ended before `endedBeforeMs`. The row itself stays, so its segment can
   * never be awarded again. Resolves to the number of rows that lost something.
   */
  forget(what: 'completionIds' | 'receipts', endedBeforeMs: number): Promise<number>
}

/** Numbers that must never be given out twice, also not after a crash. */
export interface NonceStore {
  /** 1 at first, then one more at each call; durable before it resolves. */
  nextNonce(payer: Hex): Promise<number>
}
