import { DuckMeshError } from '@duckmesh/protocols'
import type { NonceStore } from '@duckmesh/protocols/dispatch'
import type { Hex } from 'viem'
import type { Sql } from './interface.ts'

const NEXT = `INSERT INTO nonces (payer, last) VALUES (?, 1)
  ON CONFLICT (payer) DO UPDATE SET last = last + 1 RETURNING last`

/** Order nonces in SQLite. */
export class SqliteNonces implements NonceStore {
  readonly #sql: Sql

  constructor(sql: Sql) {
    this.#sql = sql
  }

  async nextNonce(payer: Hex): Promise<number> {
    const statement = { sql: NEXT, params: [payer.toLowerCase()] }
    const outcome = await this.#sql.write([statement], 'durable')
    const last = outcome.committed ? outcome.rows[0]?.[0]?.['last'] : undefined
    if (typeof last !== 'bigint') throw new DuckMeshError('INTERNAL', 'The store gave no nonce.')
    return Number(last)
  }
}
