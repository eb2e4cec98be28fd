import { join } from 'node:path'
import type { JobTranscript } from '@duckmesh/sdk'
import { expect } from 'chai'
import { RecordedTranscripts } from '../../src/client/recorded-transcripts.ts'
import { openNodeStore } from '../../src/storage/index.ts'
import { PAYER, hexOfDigit } from '../storage/rows.ts'
import { withTempDir } from '../temp-dir.ts'

const DAY_MS = 86_400_000
const NOW = 1_800_000_000_000

function transcript(digit: string, endedMs: number): JobTranscript {
  return {
    jobId: hexOfDigit(digit, 32),
    payer: PAYER,
    modelId: hexOfDigit('3', 32),
    lane: 'direct',
    mode: 1,
    replicas: 1,
    maxPrice: '1',
    createdMs: endedMs - 1,
    endedMs,
    auctions: [],
    segments: [],
    state: 'cancelled',
    paid: '0',
    agreed: null,
  }
}

describe('RecordedTranscripts', () => {
  it('forgets after 30 days what has ended, and nothing else of the store', async () => {
    await withTempDir(async (folder) => {
      const store = await openNodeStore(join(folder, 'client.sqlite'))
      const transcripts = new RecordedTranscripts(store.records)
      const body = Uint8Array.of(1)
      await store.records.put({ kind: 'evidence', key: 'e', atMs: 0, body }, 'grouped')
      await transcripts.save(transcript('1', NOW - 30 * DAY_MS - 1))
      await transcripts.save(transcript('2', NOW - 30 * DAY_MS))
      expect(await transcripts.forget(NOW)).to.equal(1)
      expect(await transcripts.find(hexOfDigit('1', 32))).to.equal(undefined)
      expect(await transcripts.list(9)).to.deep.equal([transcript('2', NOW - 30 * DAY_MS)])
      expect(await store.records.get('evidence', 'e')).to.deep.equal(body)
      await store.close()
    })
  })

  it('has them after a restart', async () => {
    await withTempDir(async (folder) => {
      const path = join(folder, 'client.sqlite')
      const before = await openNodeStore(path)
      await new RecordedTranscripts(before.records).save(transcript('1', NOW))
      await before.close()
      const after = await openNodeStore(path)
      const found = await new RecordedTranscripts(after.records).find(hexOfDigit('1', 32))
      expect(found).to.deep.equal(transcript('1', NOW))
      await after.close()
    })
  })
})
