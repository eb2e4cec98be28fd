/** Locks between processes that the kernel drops when their holder ends, however it ends. */
import { DatabaseSync } from 'node:sqlite'
import type { Clock } from '@duckmesh/protocols'
import { DuckMeshError } from '@duckmesh/protocols'
import { LOCK_LOOK_MS, LOCK_WAIT_MS } from './constants.ts'

/** SQLITE_BUSY. */
const BUSY = 5

/** 'shared': any number of holders, as long as nobody has it alone. */
export type LockMode = 'shared' | 'exclusive'

/** SQLite's locks on an empty file, as `KeyLock` takes them; two holders in one process exclude each other too. */
export class FileLock {
  readonly #db: DatabaseSync
  #held = true

  private constructor(db: DatabaseSync) {
    this.#db = db
  }

  /** Undefined when somebody else has it. Throws STORE_CORRUPT when the file cannot be locked. */
  static tryTake(path: string, mode: LockMode): FileLock | undefined {
    let db: DatabaseSync | undefined
    try {
      db = new DatabaseSync(path, { timeout: 0 })
      // Nothing is ever written, so there is nothing to keep a journal of on disk.
      db.exec('PRAGMA journal_mode = MEMORY')
      if (mode === 'exclusive') db.exec('BEGIN EXCLUSIVE')
      // A transaction takes its shared lock when it first reads.
      else db.exec('BEGIN; SELECT count(*) FROM sqlite_schema')
      return new FileLock(db)
    } catch (cause) {
      if (db?.isOpen === true) db.close()
      if (isBusy(cause)) return undefined
      const what = `The lock ${path} cannot be taken.`
      throw new DuckMeshError('STORE_CORRUPT', what, { cause, details: { path } })
    }
  }

  /** Waits for it; rejects with STORE_LOCKED when it stays taken. */
  static async take(path: string, mode: LockMode, clock: Clock): Promise<FileLock> {
    const lock = FileLock.tryTake(path, mode)
    if (lock !== undefined) return lock
    // Timers of the clock let a process end that has nothing else to do; this one has.
    const alive = setInterval(() => undefined, LOCK_WAIT_MS)
    try {
      return await FileLock.#wait(path, mode, clock)
    } finally {
      clearInterval(alive)
    }
  }

  /** True when nobody has it. */
  static isFree(path: string): boolean {
    const lock = FileLock.tryTake(path, 'exclusive')
    lock?.release()
    return lock !== undefined
  }

  static async #wait(path: string, mode: LockMode, clock: Clock): Promise<FileLock> {
    const end = clock.now() + LOCK_WAIT_MS
    while (clock.now() < end) {
      await new Promise<void>((resolve) => clock.after(LOCK_LOOK_MS, resolve))
      const lock = FileLock.tryTake(path, mode)
      if (lock !== undefined) return lock
    }
    const what = `Another process has been changing the model store (${path}).`
    throw new DuckMeshError('STORE_LOCKED', what, { details: { path } })
  }

  /** Safe to call twice. */
  release(): void {
    if (!this.#held) return
    this.#held = false
    this.#db.close()
  }
}

function isBusy(cause: unknown): boolean {
  return cause instanceof Error && 'errcode' in cause && cause.errcode === BUSY
}
