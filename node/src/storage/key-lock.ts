import { readFileSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { DuckMeshError } from '@duckmesh/protocols'

/** SQLITE_BUSY. */
const BUSY = 5

/**
 * The exclusive right to act for one key within a data folder (DESIGN §3: one process per operator key).
 *
 * It is an operating system lock on a file, taken through SQLite: the kernel drops it when the process ends,
 * also by `kill -9`, so there is no stale lock to recognise. The `.pid` file beside it only tells the reader
 * of an error whom to stop.
 */
export class KeyLock {
  readonly #db: DatabaseSync
  #held = true

  private constructor(db: DatabaseSync) {
    this.#db = db
  }

  /** Throws STORE_LOCKED, with the other process in the details, when it is taken. */
  static take(path: string, nowMs: number): KeyLock {
    const db = new DatabaseSync(path, { timeout: 0 })
    try {
      db.exec('BEGIN EXCLUSIVE')
      writeFileSync(pidFile(path), JSON.stringify({ pid: process.pid, startedMs: nowMs }))
      return new KeyLock(db)
    } catch (cause) {
      db.close()
      throw locked(path, cause)
    }
  }

  /** Safe to call twice. */
  release(): void {
    if (!this.#held) return
    this.#held = false
    this.#db.close()
  }
}

function pidFile(path: string): string {
  return `${path}.pid`
}

function locked(path: string, cause: unknown): DuckMeshError {
  const busy = cause instanceof Error && 'errcode' in cause && cause.errcode === BUSY
  if (!busy) return new DuckMeshError('STORE_CORRUPT', `${path} cannot be locked.`, { cause })
  const holder = holderOf(path)
  return new DuckMeshError('STORE_LOCKED', `${path} is held by ${holder}.`, {
    cause,
    details: { path, holder },
  })
}

function holderOf(path: string): string {
  try {
    const { pid, startedMs } = JSON.parse(readFileSync(pidFile(path), 'utf8')) as Record<
      string,
      unknown
    >
    return `process ${String(pid)}, running since ${new Date(Number(startedMs)).toISOString()}`
  } catch {
    // The holder has the lock and has not written its name yet.
    return 'another process'
  }
}
