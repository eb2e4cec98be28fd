/** The synchronous half of the store: one open database inside the worker. */
import { DatabaseSync } from 'node:sqlite'
import type { StatementSync } from 'node:sqlite'
import type { Outcome, SqlRow, SqlStatement } from './interface.ts'
import type { Failure, WorkerInit } from './sqlite-protocol.ts'

/** Primary result codes of SQLite that say more than "failed". */
const REASONS: Readonly<Record<number, Failure['reason']>> = {
  5: 'locked', // SQLITE_BUSY
  11: 'corrupt', // SQLITE_CORRUPT
  26: 'corrupt', // SQLITE_NOTADB
}

/** Thrown inside the worker; crosses to the main thread as a `Failure`. */
export class SqliteFailure extends Error {
  readonly reason: Failure['reason']

  constructor(reason: Failure['reason'], message: string) {
    super(message)
    this.name = 'SqliteFailure'
    this.reason = reason
  }
}

/** WAL with synchronous FULL: a commit has reached the disk when it returns. */
export class SqliteDatabase {
  readonly #db: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  constructor(init: WorkerInit) {
    this.#db = new DatabaseSync(init.path, { timeout: 0 })
    try {
      this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
      this.#check()
      this.#migrate(init.migrations)
    } catch (error) {
      this.#db.close()
      throw error
    }
  }

  begin(): void {
    this.#db.exec('BEGIN IMMEDIATE')
  }

  /** Syncs to disk. */
  commit(): void {
    this.#db.exec('COMMIT')
  }

  /** Runs a batch inside the open transaction; a batch that fails leaves nothing behind, its neighbours stay. */
  batch(statements: readonly SqlStatement[]): Outcome {
    this.#db.exec('SAVEPOINT batch')
    try {
      const outcome = this.#run(statements)
      this.#db.exec(outcome.committed ? 'RELEASE batch' : 'ROLLBACK TO batch; RELEASE batch')
      return outcome
    } catch (error) {
      this.#db.exec('ROLLBACK TO batch; RELEASE batch')
      throw error
    }
  }

  query(statement: SqlStatement): SqlRow[] {
    return this.#prepare(statement.sql).all(...(statement.params ?? []))
  }

  close(): void {
    this.#statements.clear()
    this.#db.close()
  }

  #run(statements: readonly SqlStatement[]): Outcome {
    const rows: SqlRow[][] = []
    for (const [index, statement] of statements.entries()) {
      if (statement.expect === undefined) {
        rows.push(this.query(statement))
        continue
      }
      const { changes } = this.#prepare(statement.sql).run(...(statement.params ?? []))
      if (Number(changes) !== statement.expect) return { committed: false, statement: index }
      rows.push([])
    }
    return { committed: true, rows }
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql)
    if (known !== undefined) return known
    const statement = this.#db.prepare(sql)
    statement.setReadBigInts(true)
    this.#statements.set(sql, statement)
    return statement
  }

  #check(): void {
    const [row] = this.#db.prepare('PRAGMA quick_check(1)').all()
    const verdict = String(row?.['quick_check'])
    if (verdict !== 'ok') throw new SqliteFailure('corrupt', verdict)
  }

  #migrate(migrations: readonly string[]): void {
    const version = Number(this.#db.prepare('PRAGMA user_version').get()?.['user_version'])
    if (version > migrations.length) {
      throw new SqliteFailure('newer', `The file has version ${version.toString()}.`)
    }
    for (const [index, sql] of migrations.entries()) {
      if (index < version) continue
      this.#db.exec(`BEGIN; ${sql}; PRAGMA user_version = ${(index + 1).toString()}; COMMIT`)
    }
  }
}

/** What went wrong, in words that may cross threads. */
export function failureOf(error: unknown): Failure {
  if (error instanceof SqliteFailure) return { reason: error.reason, message: error.message }
  const message = error instanceof Error ? error.message : String(error)
  const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) : 0
  // The low byte is the primary code; the rest says where it was found.
  return { reason: REASONS[code & 0xff] ?? 'failed', message }
}
