/** Messages between `SqliteClient` and its worker thread. */
import type { Durability } from '@duckmesh/protocols/dispatch'
import type { Outcome, SqlRow, SqlStatement } from './interface.ts'

/** `workerData` of the thread. */
export interface WorkerInit {
  path: string
  /** Statements that bring version n to version n + 1; `user_version` counts them. */
  migrations: readonly string[]
}

export type Request =
  | { id: number; kind: 'write'; statements: readonly SqlStatement[]; level: Durability }
  | { id: number; kind: 'read'; statements: readonly SqlStatement[] }
  | { id: number; kind: 'close' }

/**
 * `corrupt`: the file is not a sound database; `newer`: a later version wrote it; `locked`: another process
 * writes it now; `failed`: anything else.
 */
export interface Failure {
  reason: 'corrupt' | 'newer' | 'locked' | 'failed'
  message: string
}

/** The first message has id 0 and says whether the file opened. */
export type Response =
  | { id: number; ok: true; outcome?: Outcome; rows?: SqlRow[][] }
  | { id: number; ok: false; failure: Failure }
