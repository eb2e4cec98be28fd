import { join } from 'node:path'
import { expect } from 'chai'
import type { RecordStore, StoredRecord } from '../../src/storage/interface.ts'
import { openNodeStore } from '../../src/storage/open-node-store.ts'
import { withTempDir } from '../temp-dir.ts'

function record(over: Partial<StoredRecord> = {}): StoredRecord {
  return { kind: 'bid', key: 'a', atMs: 1_000, body: Uint8Array.of(0, 1, 255), ...over }
}

async function withRecords(use: (records: RecordStore, path: string) => Promise<void>) {
  await withTempDir(async (folder) => {
    const path = join(folder, 'provider.sqlite')
    const store = await openNodeStore(path)
    try {
      await use(store.records, path)
    } finally {
      await store.close()
    }
  })
}

describe('SqliteRecords', () => {
  it('gives back the bytes of a kind and key, also after the process ended', async () => {
    await withTempDir(async (folder) => {
      const path = join(folder, 'provider.sqlite')
      const store = await openNodeStore(path)
      await store.records.put(record(), 'durable')
      await store.close()
      const again = await openNodeStore(path)
      expect(await again.records.get('bid', 'a')).to.deep.equal(record().body)
      expect(await again.records.get('bid', 'b')).to.equal(undefined)
      expect(await again.records.get('match', 'a')).to.equal(undefined)
      await again.close()
    })
  })

  it('replaces a record of the same key, time and bytes, and of no other kind', async () => {
    await withRecords(async (records) => {
      await records.put(record(), 'durable')
      await records.put(record({ kind: 'match', body: Uint8Array.of(7) }), 'durable')
      const next = record({ atMs: 2_000, body: new Uint8Array() })
      await records.put(next, 'grouped')
      expect(await records.list('bid', 9)).to.deep.equal([next])
      expect(await records.get('match', 'a')).to.deep.equal(Uint8Array.of(7))
    })
  })

  it('lists the newest first, at most as many as asked, ties by key', async () => {
    await withRecords(async (records) => {
      for (const [key, atMs] of [
        ['old', 1],
        ['b', 3],
        ['a', 3],
        ['new', 9],
      ] as const) {
        await records.put(record({ key, atMs }), 'grouped')
      }
      const keys = async (limit: number) => (await records.list('bid', limit)).map(({ key }) => key)
      expect(await keys(9)).to.deep.equal(['new', 'a', 'b', 'old'])
      expect(await keys(2)).to.deep.equal(['new', 'a'])
      expect(await records.list('match', 9)).to.deep.equal([])
    })
  })

  it('forgets what was made before, of that kind only, and tells how many', async () => {
    await withRecords(async (records) => {
      await records.put(record({ key: 'old', atMs: 999 }), 'grouped')
      await records.put(record({ key: 'kept', atMs: 1_000 }), 'grouped')
      await records.put(record({ kind: 'evidence', key: 'old', atMs: 1 }), 'grouped')
      expect(await records.forget('bid', 1_000)).to.equal(1)
      expect(await records.forget('bid', 1_000)).to.equal(0)
      expect((await records.list('bid', 9)).map(({ key }) => key)).to.deep.equal(['kept'])
      expect(await records.list('evidence', 9)).to.have.length(1)
    })
  })
})
