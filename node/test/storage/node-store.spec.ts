import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { NewSegment } from '@duckmesh/protocols/dispatch'
import type { ChannelRow } from '@duckmesh/protocols/settlement'
import { expect } from 'chai'
import fc from 'fast-check'
import type { Hex } from 'viem'
import type { NodeStore } from '../../src/storage/interface.ts'
import { openNodeStore } from '../../src/storage/open-node-store.ts'
import { rejection } from '../reject.ts'
import { withTempDir } from '../temp-dir.ts'
import { PAYER, PROVIDER, channelRow, hexOfDigit, newSegment } from './rows.ts'

const JOB = newSegment().jobId
const KEY = { jobId: JOB, segment: 0 }

/** Runs `use` with a new store in a new folder. */
async function withStore(use: (store: NodeStore, path: string) => Promise<void>): Promise<void> {
  await withTempDir(async (folder) => {
    const path = join(folder, 'provider.sqlite')
    const store = await openNodeStore(path)
    try {
      await use(store, path)
    } finally {
      await store.close()
    }
  })
}

describe('job log', () => {
  it('gives back the segment it took', async () => {
    await withStore(async ({ jobs }) => {
      await jobs.insertSegment(newSegment(), 'durable')
      const { atMs, ...row } = newSegment()
      expect(await jobs.getSegment(KEY)).to.deep.equal({
        ...row,
        history: [{ state: 'awarded', atMs }],
        receipts: [],
        completionIds: [],
      })
      expect(await jobs.getSegment({ ...KEY, segment: 1 })).to.equal(undefined)
    })
  })

  it('takes each segment of a job once, whatever the second row says', async () => {
    await withStore(async ({ jobs }) => {
      await jobs.insertSegment(newSegment(), 'durable')
      await jobs.insertSegment(newSegment({ segment: 1 }), 'durable')
      const again = newSegment({ terms: '{}', payer: hexOfDigit('c', 20) })
      const error = await rejection(jobs.insertSegment(again, 'grouped'))
      expect(error.code).to.equal('SEGMENT_USED')
      expect(error.jobId).to.equal(JOB)
      const shouted = newSegment({ jobId: `0x${hexOfDigit('A', 32).slice(2)}` })
      await jobs.insertSegment({ ...shouted, jobId: hexOfDigit('a', 32) }, 'grouped')
      expect((await rejection(jobs.insertSegment(shouted, 'grouped'))).code).to.equal(
        'SEGMENT_USED',
      )
      expect((await jobs.getSegment(KEY))?.terms).to.equal(newSegment().terms)
    })
  })

  it('lets exactly one of many concurrent awards of a segment win', async () => {
    await withStore(async ({ jobs }) => {
      const rows = Array.from({ length: 20 }, (_, n) => newSegment({ terms: String(n) }))
      const results = await Promise.allSettled(
        rows.map((row, n) => jobs.insertSegment(row, n % 2 === 0 ? 'durable' : 'grouped')),
      )
      expect(results.filter((result) => result.status === 'fulfilled')).to.have.length(1)
      expect((await jobs.getSegment(KEY))?.terms).to.equal('0')
    })
  })

  it('appends states, receipts and ids, and notes a failure', async () => {
    await withStore(async ({ jobs }) => {
      await jobs.insertSegment(newSegment(), 'durable')
      const receipt = Uint8Array.of(0, 1, 255)
      await jobs.updateSegment(KEY, { enter: { state: 'running', atMs: 1_001 } }, 'grouped')
      await jobs.updateSegment(KEY, { receipt, ids: [1, 0xffffffff] }, 'grouped')
      await jobs.updateSegment(KEY, { enter: { state: 'running', atMs: 1_002 } }, 'grouped')
      await jobs.updateSegment(KEY, { receipt: Uint8Array.of(), ids: [] }, 'grouped')
      const failure = { code: 'CLIENT_LOST', detail: 'gone' } as const
      const last = { enter: { state: 'failed', atMs: 1_003 }, ids: [3], failure } as const
      await jobs.updateSegment(KEY, last, 'durable')

      const row = await jobs.getSegment(KEY)
      expect(row?.state).to.equal('failed')
      expect(row?.history).to.deep.equal([
        { state: 'awarded', atMs: 1_000 },
        { state: 'running', atMs: 1_001 },
        { state: 'failed', atMs: 1_003 },
      ])
      expect(row?.receipts.map((bytes) => [...bytes])).to.deep.equal([[0, 1, 255], []])
      expect(row?.completionIds).to.deep.equal([1, 0xffffffff, 3])
      expect(row?.failure).to.deep.equal(failure)
    })
  })

  it('writes nothing of a patch for a segment that is not there', async () => {
    await withStore(async ({ jobs }) => {
      const patch = { receipt: Uint8Array.of(1), ids: [1] }
      expect((await rejection(jobs.updateSegment(KEY, patch, 'durable'))).code).to.equal(
        'JOB_UNKNOWN',
      )
      await jobs.insertSegment(newSegment(), 'durable')
      const row = await jobs.getSegment(KEY)
      expect([row?.receipts, row?.completionIds]).to.deep.equal([[], []])
    })
  })

  it('lists by state and by job, oldest first, each with its own parts', async () => {
    await withStore(async ({ jobs }) => {
      const others: NewSegment[] = [
        newSegment({ jobId: hexOfDigit('9', 32), state: 'running' }),
        newSegment({ segment: 1 }),
        newSegment({ segment: 0, state: 'finalized' }),
      ]
      for (const row of others) await jobs.insertSegment(row, 'grouped')
      await jobs.updateSegment({ ...KEY, segment: 1 }, { ids: [7] }, 'grouped')
      const named = (rows: { jobId: Hex; segment: number }[]): string[] =>
        rows.map((row) => `${row.jobId.slice(2, 3)}/${row.segment.toString()}`)
      expect(named(await jobs.listSegments())).to.deep.equal(['9/0', '1/1', '1/0'])
      const states = ['running', 'finalized'] as const
      expect(named(await jobs.listSegments({ states }))).to.deep.equal(['9/0', '1/0'])
      expect(named(await jobs.listSegments({ states: [] }))).to.deep.equal([])
      expect(named(await jobs.listSegments({ jobId: JOB }))).to.deep.equal(['1/1', '1/0'])
      const both = await jobs.listSegments({ jobId: JOB, states: ['awarded'] })
      expect(both.map((row) => row.completionIds)).to.deep.equal([[7]])
    })
  })

  it('forgets results of rows that ended before, and still refuses their segments', async () => {
    await withStore(async ({ jobs }) => {
      for (const segment of [0, 1, 2]) {
        await jobs.insertSegment(newSegment({ segment }), 'grouped')
        await jobs.updateSegment(
          { ...KEY, segment },
          { ids: [1], receipt: Uint8Array.of(2) },
          'grouped',
        )
      }
      await jobs.updateSegment(KEY, { enter: { state: 'finalized', atMs: 1_999 } }, 'grouped')
      const late = { enter: { state: 'finalized', atMs: 2_000 } } as const
      await jobs.updateSegment({ ...KEY, segment: 1 }, late, 'grouped')

      expect(await jobs.forget('completionIds', 2_000)).to.equal(1)
      expect(await jobs.forget('completionIds', 2_000)).to.equal(0)
      const rows = await jobs.listSegments()
      expect(rows.map((row) => row.completionIds.length)).to.deep.equal([0, 1, 1])
      expect(rows.map((row) => row.receipts.length)).to.deep.equal([1, 1, 1])
      expect(await jobs.forget('receipts', 2_001)).to.equal(2)
      expect((await rejection(jobs.insertSegment(newSegment(), 'durable'))).code).to.equal(
        'SEGMENT_USED',
      )
    })
  })
})

describe('ledger', () => {
  const amount = fc.bigInt({ min: 0n, max: 2n ** 96n - 1n })
  const reservation = fc.record({
    jobId: fc.constant(JOB),
    segment: fc.integer({ min: 0, max: 65_535 }),
    prepaid: amount,
    used: amount,
  })
  const voucher = fc.record({
    voucher: fc.record({
      payer: fc.constant(PAYER),
      provider: fc.constant(PROVIDER),
      cumulative: amount,
      epoch: fc.nat(),
    }),
    signature: fc.constant(hexOfDigit('d', 65)),
  })
  const row: fc.Arbitrary<ChannelRow> = fc.record(
    {
      payer: fc.constant(PAYER),
      provider: fc.constant(PROVIDER),
      paid: amount,
      settled: amount,
      redeemed: amount,
      open: fc.array(reservation, { maxLength: 3 }),
      voucher,
    },
    { requiredKeys: ['payer', 'provider', 'paid', 'settled', 'redeemed', 'open'] },
  )

  it('gives back every channel as it was saved last', async () => {
    await withStore(async ({ ledger }) => {
      await fc.assert(
        fc.asyncProperty(row, row, async (first, second) => {
          void ledger.saveChannel(first, 'grouped')
          await ledger.saveChannel(second, 'durable')
          expect(await ledger.loadChannel({ payer: PAYER, provider: PROVIDER })).to.deep.equal(
            second,
          )
        }),
        { numRuns: 30 },
      )
    })
  })

  it('lists channels in order, and knows none that was not saved', async () => {
    await withStore(async ({ ledger }) => {
      expect(await ledger.loadChannel({ payer: PAYER, provider: PROVIDER })).to.equal(undefined)
      const rows = [
        channelRow({ payer: hexOfDigit('c', 20), paid: 3n }),
        channelRow({ provider: hexOfDigit('c', 20), paid: 2n }),
        channelRow({ paid: 1n }),
      ]
      await Promise.all(rows.map((one) => ledger.saveChannel(one, 'grouped')))
      expect((await ledger.listChannels()).map((one) => one.paid)).to.deep.equal([1n, 2n, 3n])
    })
  })
})

describe('node store', () => {
  it('counts nonces per payer without a repeat, also when asked at once and after a restart', async () => {
    await withTempDir(async (folder) => {
      const path = join(folder, 'client.sqlite')
      const before = await openNodeStore(path)
      const given = await Promise.all(
        Array.from({ length: 10 }, () => before.nonces.nextNonce(PAYER)),
      )
      expect(given).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
      expect(await before.nonces.nextNonce(PROVIDER)).to.equal(1)
      await before.close()
      const after = await openNodeStore(path)
      // Nonces are reserved in blocks: the rest of one is skipped, none is given out again.
      expect(await after.nonces.nextNonce(PAYER)).to.be.above(10)
      await after.close()
    })
  })

  it('keeps facts by name', async () => {
    await withStore(async ({ meta }) => {
      expect(await meta.getMeta('block')).to.equal(undefined)
      await meta.setMeta('block', '1', 'grouped')
      await meta.setMeta('block', '2', 'durable')
      expect(await meta.getMeta('block')).to.equal('2')
    })
  })

  it('commits what is pending when it is closed, and refuses calls afterwards', async () => {
    await withTempDir(async (folder) => {
      const path = join(folder, 'provider.sqlite')
      const store = await openNodeStore(path)
      const pending = store.meta.setMeta('last', 'word', 'grouped')
      await store.close()
      await store.close()
      await pending
      expect((await rejection(store.meta.getMeta('last'))).code).to.equal('INTERNAL')
      const again = await openNodeStore(path)
      expect(await again.meta.getMeta('last')).to.equal('word')
      await again.close()
    })
  })

  it('says STORE_CORRUPT for a file that is no database, and leaves it as it is', async () => {
    await withTempDir(async (folder) => {
      const path = join(folder, 'provider.sqlite')
      const content = 'not a database '.repeat(500)
      await writeFile(path, content)
      const error = await rejection(openNodeStore(path))
      expect(error.code).to.equal('STORE_CORRUPT')
      expect(error.details['path']).to.equal(path)
      expect(await readFile(path, 'utf8')).to.equal(content)
    })
  })
})
