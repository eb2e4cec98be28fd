/** What the stores share: statements for the worker, and what a node's store offers. */
import type { Durability, JobLog, NonceStore } from '@duckmesh/protocols/dispatch'
import type { LedgerStore, ServiceStore } from '@duckmesh/protocols/settlement'

/** What a column holds on the way in; integers must be safe ones. */
export type SqlValue = string | number | bigint | null | Uint8Array

/** What a column holds on the way out: every integer is a bigint, every blob a Uint8Array. */
export type SqlResult = string | bigint | number | null | Uint8Array

export type SqlRow = Readonly<Record<string, SqlResult>>

export interface SqlStatement {
  sql: string
  params?: readonly SqlValue[]
  /** The transaction is undone unless the statement changes exactly this many rows. */
  expect?: number
}

/** Rows of each statement; or the index of the first statement whose `expect` failed, nothing written. */
export type Outcome =
  { committed: true; rows: SqlRow[][] } | { committed: false; statement: number }

/** A database behind a worker thread. Calls take effect in the order they are made. */
export interface Sql {
  /** All statements or none, on disk when it resolves. Rejects with STORE_CORRUPT or INTERNAL when the disk fails. */
  write(statements: readonly SqlStatement[], level: Durability): Promise<Outcome>
  /** Rows of each statement, all from one state: after every write made before it, also unresolved ones. */
  read(statements: readonly SqlStatement[]): Promise<SqlRow[][]>
}

/** Small facts by name, e.g. the block a scan reached. */
export interface MetaStore {
  getMeta(key: string): Promise<string | undefined>
  setMeta(key: string, value: string, level: Durability): Promise<void>
}

/**
 * What the market keeps by name: a seat's matches, a bidder's bids, evidence against others, how a client's jobs were
 * decided, and the keys of requests to the gateway.
 */
export type RecordKind = 'match' | 'bid' | 'evidence' | 'transcript' | 'idempotency'

/** Bytes by kind and key, each with the time it was made, ms since 1970. */
export interface RecordStore {
  /** Replaces an earlier one of the same key. */
  put(record: StoredRecord, level: Durability): Promise<void>
  get(kind: RecordKind, key: string): Promise<Uint8Array | undefined>
  /** Newest first, at most `limit`. */
  list(kind: RecordKind, limit: number): Promise<StoredRecord[]>
  /** Drops what was made before; resolves to how many. */
  forget(kind: RecordKind, beforeMs: number): Promise<number>
}

export interface StoredRecord {
  kind: RecordKind
  key: string
  atMs: number
  body: Uint8Array
}

/** Everything a node keeps of its jobs and money, in one database file. */
export interface NodeStore {
  readonly ledger: LedgerStore
  readonly services: ServiceStore
  readonly jobs: JobLog
  readonly nonces: NonceStore
  readonly meta: MetaStore
  readonly records: RecordStore
  /** Commits what is pending and closes the file. Safe to call twice. */
  close(): Promise<void>
}
