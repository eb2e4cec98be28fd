import { DuckMeshError } from '@duckmesh/protocols'
import type { NonceStore } from '@duckmesh/protocols/dispatch'
import type { Hex } from 'viem'
import type { Sql } from './interface.ts'

/** Nonces taken from the disk at a time; a crash skips at most this many, which harms nothing. */
const BLOCK = 64

const RESERVE = `INSERT INTO nonces (payer, last) VALUES (?1, ?2)
  ON CONFLICT (payer) DO UPDATE SET last = last + ?2 RETURNING last`

/** Nonces of one payer that are reserved on disk and not given out: `next` to `last`. */
interface Block {
  next: number
  last: number
}

/** Order nonces in SQLite, reserved in blocks, so that most orders wait for no disk. */
export class SqliteNonces implements NonceStore {
  readonly #sql: Sql
  readonly #blocks = new Map<string, Promise<Block>>()

  constructor(sql: Sql) {
    this.#sql = sql
  }

  async nextNonce(payer: Hex): Promise<number> {
    const key = payer.toLowerCase()
    for (;;) {
      const reserving = this.#blocks.get(key) ?? this.#reserve(key)
      this.#blocks.set(key, reserving)
      const block = await reserving.catch((error: unknown) => {
        this.#blocks.delete(key)
        throw error
      })
      if (block.next <= block.last) return block.next++
      if (this.#blocks.get(key) === reserving) this.#blocks.delete(key)
    }
  }

  async #reserve(key: string): Promise<Block> {
    const statement = { sql: RESERVE, params: [key, BLOCK] }
    const outcome = await this.#sql.write([statement], 'durable')
    const last = outcome.committed ? outcome.rows[0]?.[0]?.['last'] : undefined
    if (typeof last !== 'bigint') throw new DuckMeshError('INTERNAL', 'The store gave no nonce.')
    return { next: Number(last) - BLOCK + 1, last: Number(last) }
  }
}
