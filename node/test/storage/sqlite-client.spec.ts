import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect } from 'chai'
import { SqliteClient } from '../../src/storage/sqlite-client.ts'
import { rejection } from '../reject.ts'
import { withTempDir } from '../temp-dir.ts'

const MIGRATIONS = ['CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT UNIQUE) STRICT']

async function withSql(use: (sql: SqliteClient) => Promise<void>): Promise<void> {
  await withTempDir(async (folder) => {
    const sql = await SqliteClient.open({ path: join(folder, 'x.sqlite'), migrations: MIGRATIONS })
    try {
      await use(sql)
    } finally {
      await sql.close()
    }
  })
}

const note = (text: string): { sql: string; params: string[] } => ({
  sql: 'INSERT INTO notes (text) VALUES (?)',
  params: [text],
})
const all = [{ sql: 'SELECT text FROM notes ORDER BY id' }]
const texts = async (sql: SqliteClient): Promise<unknown[]> =>
  (await sql.read(all)).flat().map((row) => row['text'])

describe('SqliteClient', () => {
  it('acknowledges in the order of the calls and puts all of a group in one commit', async () => {
    await withSql(async (sql) => {
      const order: string[] = []
      const grouped = ['a', 'b'].map((text) => sql.write([note(text)], 'grouped'))
      const durable = sql.write([note('c')], 'durable')
      const calls = [...grouped, durable]
      await Promise.all(
        calls.map(async (call, n) => {
          await call
          order.push('abc'.charAt(n))
        }),
      )
      expect(order.join('')).to.equal('abc')
      expect(await texts(sql)).to.deep.equal(['a', 'b', 'c'])
    })
  })

  it('resolves a grouped write although nothing durable follows', async () => {
    await withSql(async (sql) => {
      expect(await sql.write([note('alone')], 'grouped')).to.deep.equal({
        committed: true,
        rows: [[]],
      })
    })
  })

  it('shows a write to a read that was asked later, before it is committed', async () => {
    await withSql(async (sql) => {
      const write = sql.write([note('soon')], 'grouped')
      expect(await texts(sql)).to.deep.equal(['soon'])
      await write
    })
  })

  it('undoes a batch that fails or misses its expectation, and keeps its neighbours', async () => {
    await withSql(async (sql) => {
      const before = sql.write([note('before')], 'grouped')
      const missed = sql.write(
        [note('undone'), { sql: 'DELETE FROM notes WHERE id = 99', expect: 1 }],
        'grouped',
      )
      const failed = rejection(sql.write([note('undone'), note('before')], 'grouped'))
      const after = sql.write([note('after')], 'durable')
      expect(await missed).to.deep.equal({ committed: false, statement: 1 })
      const error = await failed
      expect(error.code).to.equal('INTERNAL')
      expect(error.details['reason']).to.match(/UNIQUE/)
      await Promise.all([before, after])
      expect(await texts(sql)).to.deep.equal(['before', 'after'])
    })
  })

  it('reads integers beyond 2^53 exactly', async () => {
    await withSql(async (sql) => {
      const id = 2n ** 62n + 1n
      await sql.write([{ sql: 'INSERT INTO notes VALUES (?, ?)', params: [id, 'big'] }], 'durable')
      const [rows] = await sql.read([{ sql: 'SELECT id FROM notes' }])
      expect(rows?.[0]?.['id']).to.equal(id)
    })
  })

  it('brings an older file to the newest schema once, and refuses a newer file', async () => {
    await withTempDir(async (folder) => {
      const path = join(folder, 'x.sqlite')
      const first = await SqliteClient.open({ path, migrations: MIGRATIONS })
      await first.write([note('kept')], 'durable')
      await first.close()
      const newer = [...MIGRATIONS, 'ALTER TABLE notes ADD COLUMN mark TEXT']
      for (const round of [1, 2]) {
        const second = await SqliteClient.open({ path, migrations: newer })
        expect(await texts(second), `opening ${round.toString()}`).to.deep.equal(['kept'])
        await second.read([{ sql: 'SELECT mark FROM notes' }])
        await second.close()
      }
      const error = await rejection(SqliteClient.open({ path, migrations: MIGRATIONS }))
      expect(error.code).to.equal('VERSION_UNSUPPORTED')
    })
  })

  it('says STORE_LOCKED while another connection writes', async () => {
    await withTempDir(async (folder) => {
      const path = join(folder, 'x.sqlite')
      const sql = await SqliteClient.open({ path, migrations: MIGRATIONS })
      const raw = new DatabaseSync(path)
      raw.exec('BEGIN IMMEDIATE')
      expect((await rejection(sql.write([note('x')], 'durable'))).code).to.equal('STORE_LOCKED')
      raw.exec('ROLLBACK')
      raw.close()
      expect(await sql.write([note('x')], 'durable')).to.have.property('committed', true)
      await sql.close()
    })
  })

  it('says STORE_CORRUPT for a damaged page and leaves the file as it is', async () => {
    await withTempDir(async (folder) => {
      const path = join(folder, 'x.sqlite')
      const sql = await SqliteClient.open({ path, migrations: MIGRATIONS })
      for (let n = 0; n < 50; n++)
        await sql.write([note(`${n.toString()} ${'x'.repeat(500)}`)], 'grouped')
      await sql.close()
      const { size } = await stat(path)
      const file = await open(path, 'r+')
      await file.write(Buffer.alloc(4096, 0xee), 0, 4096, 4096)
      await file.close()
      const error = await rejection(SqliteClient.open({ path, migrations: MIGRATIONS }))
      expect(error.code).to.equal('STORE_CORRUPT')
      expect((await stat(path)).size).to.equal(size)
    })
  })
})
