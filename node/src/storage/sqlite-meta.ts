import type { Durability } from '@duckmesh/protocols/dispatch'
import type { MetaStore, Sql } from './interface.ts'

const UPSERT = `INSERT INTO meta (key, value) VALUES (?, ?)
  ON CONFLICT (key) DO UPDATE SET value = excluded.value`

/** Small facts by name in SQLite. */
export class SqliteMeta implements MetaStore {
  readonly #sql: Sql

  constructor(sql: Sql) {
    this.#sql = sql
  }

  async getMeta(key: string): Promise<string | undefined> {
    const statement = { sql: 'SELECT value FROM meta WHERE key = ?', params: [key] }
    const [rows = []] = await this.#sql.read([statement])
    return rows[0]?.['value'] as string | undefined
  }

  async setMeta(key: string, value: string, level: Durability): Promise<void> {
    await this.#sql.write([{ sql: UPSERT, params: [key, value] }], level)
  }
}
