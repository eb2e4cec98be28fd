import type { Durability } from '@duckmesh/protocols/dispatch'
import type { RecordKind, RecordStore, Sql, SqlRow, StoredRecord } from './interface.ts'

const UPSERT = `INSERT INTO records (kind, key, at_ms, body) VALUES (?, ?, ?, ?)
  ON CONFLICT (kind, key) DO UPDATE SET at_ms = excluded.at_ms, body = excluded.body`
const SELECT = 'SELECT kind, key, at_ms, body FROM records WHERE kind = ?'

/** Records of the market in SQLite. */
export class SqliteRecords implements RecordStore {
  readonly #sql: Sql

  constructor(sql: Sql) {
    this.#sql = sql
  }

  async put({ kind, key, atMs, body }: StoredRecord, level: Durability): Promise<void> {
    await this.#sql.write([{ sql: UPSERT, params: [kind, key, atMs, body] }], level)
  }

  async get(kind: RecordKind, key: string): Promise<Uint8Array | undefined> {
    const statement = { sql: `${SELECT} AND key = ?`, params: [kind, key] }
    const [rows = []] = await this.#sql.read([statement])
    return rows.map(recordOf)[0]?.body
  }

  async list(kind: RecordKind, limit: number): Promise<StoredRecord[]> {
    const sql = `${SELECT} ORDER BY at_ms DESC, key LIMIT ?`
    const [rows = []] = await this.#sql.read([{ sql, params: [kind, limit] }])
    return rows.map(recordOf)
  }

  async forget(kind: RecordKind, beforeMs: number): Promise<number> {
    const sql = 'DELETE FROM records WHERE kind = ? AND at_ms < ? RETURNING key'
    const outcome = await this.#sql.write([{ sql, params: [kind, beforeMs] }], 'grouped')
    return outcome.committed ? (outcome.rows[0]?.length ?? 0) : 0
  }
}

function recordOf(row: SqlRow): StoredRecord {
  return {
    kind: row['kind'] as RecordKind,
    key: row['key'] as string,
    atMs: Number(row['at_ms']),
    body: row['body'] as Uint8Array,
  }
}
