import { join } from 'node:path'
import { expect } from 'chai'
import { StoredEvidence, StoredRecords } from '../../src/peer/market-records.ts'
import type { NodeStore } from '../../src/storage/index.ts'
import { openNodeStore } from '../../src/storage/index.ts'
import { ManualClock } from '../manual-clock.ts'
import { withTempDir } from '../temp-dir.ts'

async function withStore(use: (store: NodeStore) => Promise<void>): Promise<void> {
  await withTempDir(async (folder) => {
    const store = await openNodeStore(join(folder, 'provider.sqlite'))
    try {
      await use(store)
    } finally {
      await store.close()
    }
  })
}

describe('StoredRecords', () => {
  it('keeps matches and bids apart, and lets go of them when they have expired', async () => {
    await withStore(async ({ records }) => {
      const [bids, matches] = [
        new StoredRecords(records, 'bid'),
        new StoredRecords(records, 'match'),
      ]
      await bids.save('job:0', Uint8Array.of(1), 5_000)
      await matches.save('job:0', Uint8Array.of(2), 9_000)
      expect(await bids.find('job:0')).to.deep.equal(Uint8Array.of(1))
      expect(await matches.find('job:0')).to.deep.equal(Uint8Array.of(2))
      expect(await bids.find('job:1')).to.equal(undefined)
      // What the housekeeper does at 5 001.
      expect(await records.forget('bid', 5_001)).to.equal(1)
      expect(await records.forget('match', 5_001)).to.equal(0)
      expect(await bids.find('job:0')).to.equal(undefined)
    })
  })

  it('replaces a record that grew, as a bid does with each seat that asks', async () => {
    await withStore(async ({ records }) => {
      const bids = new StoredRecords(records, 'bid')
      await bids.save('job:0', Uint8Array.of(1), 5_000)
      await bids.save('job:0', Uint8Array.of(1, 2), 6_000)
      expect(await bids.find('job:0')).to.deep.equal(Uint8Array.of(1, 2))
      expect(await records.forget('bid', 6_000)).to.equal(0)
    })
  })
})

describe('StoredEvidence', () => {
  it('keeps the messages as they were sent, once, with the time', async () => {
    await withStore(async ({ records }) => {
      const clock = new ManualClock(7_000)
      const evidence = new StoredEvidence({ clock, records })
      const messages = [Uint8Array.of(0, 255), Uint8Array.of(1)]
      await evidence.keep('MATCH_CONTRADICTS', messages)
      await evidence.keep('MATCH_CONTRADICTS', messages)
      await evidence.keep('BID_OMITTED', messages)
      await evidence.keep('BID_OMITTED', [Uint8Array.of(2)])
      const kept = await records.list('evidence', 9)
      expect(kept).to.have.length(3)
      expect(kept.every(({ atMs }) => atMs === 7_000)).to.equal(true)
      const [first] = kept.filter(({ key }) => key.startsWith('MATCH_CONTRADICTS:'))
      const text = new TextDecoder().decode(first?.body)
      expect(JSON.parse(text)).to.deep.equal({
        code: 'MATCH_CONTRADICTS',
        messages: ['AP8=', 'AQ=='],
      })
    })
  })
})
