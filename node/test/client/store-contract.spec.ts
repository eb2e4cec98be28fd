import { join } from 'node:path'
import type { JobLog } from '@duckmesh/protocols/dispatch'
import { createMemoryStore } from '@duckmesh/sdk'
import type { ClientStore, JobTranscript } from '@duckmesh/sdk'
import { expect } from 'chai'
import { RecordedTranscripts } from '../../src/client/recorded-transcripts.ts'
import { openNodeStore } from '../../src/storage/index.ts'
import { rejection } from '../reject.ts'
import { PAYER, PROVIDER, channelRow, hexOfDigit, newSegment } from '../storage/rows.ts'
import { withTempDir } from '../temp-dir.ts'

const JOB = newSegment().jobId
const KEY = { jobId: JOB, segment: 0 }

type WithStore = (use: (store: ClientStore) => Promise<void>) => Promise<void>

/** Every store that a client can be given, with what the interfaces of settlement and dispatch promise. */
const STORES: Record<string, WithStore> = {
  'memory store of the sdk': (use) => use(createMemoryStore(1)),
  'SQLite store of the node': (use) =>
    withTempDir(async (folder) => {
      const store = await openNodeStore(join(folder, 'client.sqlite'))
      try {
        await use({ ...store, transcripts: new RecordedTranscripts(store.records), close: noop })
      } finally {
        await store.close()
      }
    }),
}

const noop = (): Promise<void> => Promise.resolve()

async function finish(jobs: JobLog, segment: number, atMs: number): Promise<void> {
  const key = { jobId: JOB, segment }
  await jobs.insertSegment(newSegment({ segment }), 'durable')
  await jobs.updateSegment(key, { receipt: Uint8Array.of(1), ids: [1, 2] }, 'grouped')
  await jobs.updateSegment(key, { enter: { state: 'finalized', atMs } }, 'grouped')
}

/** A transcript with something in every field. */
function transcript(digit: string, over: Partial<JobTranscript> = {}): JobTranscript {
  const [provider, hash] = [hexOfDigit('9', 20), hexOfDigit('c', 32)]
  const bid = { provider, price: '68', score: '68000000', place: 0, role: 'winner' as const }
  const auction = {
    attempt: 0,
    epoch: 4,
    turn: 2,
    shard: 3,
    ruleVersion: 1,
    matchHash: hash,
    bidsRoot: hash,
    seats: [{ owner: provider, ackMs: null, bids: 1, primary: true }],
    auctionMs: 31,
    bids: [{ ...bid, why: 'It won with the lowest score of 1 – “quack”.' }],
    passes: [{ provider, code: 'PROVIDER_BUSY', detail: '4 of 4 slots are taken' }],
  }
  const segment = { segment: 0, provider, state: 'finalized', fromToken: 0, tokens: 3, paid: '42' }
  return {
    jobId: hexOfDigit(digit, 32),
    payer: PAYER,
    modelId: hexOfDigit('3', 32),
    lane: 'auction',
    mode: 1,
    replicas: 1,
    maxPrice: `${10n ** 24n}`,
    createdMs: 1,
    endedMs: 2,
    auctions: [auction],
    segments: [segment],
    state: 'finalized',
    paid: '42',
    agreed: null,
    fee: { seat: provider, amount: '1' },
    ...over,
  }
}

for (const [name, withStore] of Object.entries(STORES)) {
  describe(`client store contract: ${name}`, () => {
    it('keeps a channel whole, and the last row that was saved', async () => {
      await withStore(async ({ ledger }) => {
        expect(await ledger.loadChannel({ payer: PAYER, provider: PROVIDER })).to.equal(undefined)
        const voucher = { payer: PAYER, provider: PROVIDER, cumulative: 9n, epoch: 0 }
        const row = channelRow({
          paid: 9n,
          settled: 3n,
          redeemed: 2n,
          open: [{ jobId: JOB, segment: 1, prepaid: 5n, used: 4n }],
          voucher: { voucher, signature: hexOfDigit('5', 65) },
        })
        await ledger.saveChannel(channelRow({ paid: 1n }), 'durable')
        await ledger.saveChannel(row, 'grouped')
        expect(await ledger.loadChannel({ payer: PAYER, provider: PROVIDER })).to.deep.equal(row)
      })
    })

    it('lists channels by payer and provider', async () => {
      await withStore(async ({ ledger }) => {
        const [low, high] = [hexOfDigit('1', 20), hexOfDigit('9', 20)]
        const keys = [
          [high, low],
          [low, high],
          [low, low],
        ] as const
        for (const [payer, provider] of keys) {
          await ledger.saveChannel(channelRow({ payer, provider }), 'durable')
        }
        const listed = (await ledger.listChannels()).map(({ payer, provider }) => [payer, provider])
        expect(listed).to.deep.equal([keys[2], keys[1], keys[0]])
      })
    })

    it('keeps service fees apart from channels, whole, and lists them by payer and provider', async () => {
      await withStore(async ({ ledger, services }) => {
        const [low, high] = [hexOfDigit('1', 20), hexOfDigit('9', 20)]
        const voucher = { payer: PAYER, provider: low, cumulative: 2n ** 96n - 1n }
        const empty = { payer: PAYER, provider: high, paid: 0n, due: 0n, redeemed: 0n }
        const signed = { voucher, signature: hexOfDigit('5', 65) }
        const paid = voucher.cumulative
        const row = { ...empty, provider: low, paid, due: 7n, redeemed: 5n, voucher: signed }
        expect(await services.loadService(row)).to.equal(undefined)
        await services.saveService(empty, 'durable')
        await services.saveService({ ...row, paid: 1n }, 'durable')
        await services.saveService(row, 'grouped')
        expect(await services.loadService({ payer: PAYER, provider: low })).to.deep.equal(row)
        expect(await services.listServices()).to.deep.equal([row, empty])
        expect(await ledger.listChannels()).to.deep.equal([])
      })
    })

    it('takes each segment once, whatever the second row says', async () => {
      await withStore(async ({ jobs }) => {
        await jobs.insertSegment(newSegment(), 'durable')
        await jobs.insertSegment(newSegment({ segment: 1 }), 'grouped')
        const again = jobs.insertSegment(newSegment({ terms: '{}' }), 'durable')
        const error = await rejection(again)
        expect(error.code).to.equal('SEGMENT_USED')
        expect(error.jobId).to.equal(JOB)
        expect((await jobs.getSegment(KEY))?.terms).to.equal(newSegment().terms)
        const missing = await jobs.getSegment({ ...KEY, segment: 2 })
        expect(missing).to.equal(undefined)
      })
    })

    it('appends states, receipts and ids, enters a state once and notes a failure', async () => {
      await withStore(async ({ jobs }) => {
        await jobs.insertSegment(newSegment(), 'durable')
        await jobs.updateSegment(KEY, { enter: { state: 'running', atMs: 2 } }, 'grouped')
        await jobs.updateSegment(KEY, { enter: { state: 'running', atMs: 3 }, ids: [7] }, 'grouped')
        await jobs.updateSegment(KEY, { receipt: Uint8Array.of(1), ids: [8, 9] }, 'durable')
        const failure = { code: 'PROVIDER_LOST' as const, detail: 'Gone.' }
        const enter = { state: 'failed' as const, atMs: 4 }
        await jobs.updateSegment(KEY, { enter, failure }, 'grouped')
        const { atMs, ...row } = newSegment()
        expect(await jobs.getSegment(KEY)).to.deep.equal({
          ...row,
          state: 'failed',
          history: [{ state: 'awarded', atMs }, { state: 'running', atMs: 2 }, enter],
          receipts: [Uint8Array.of(1)],
          completionIds: [7, 8, 9],
          failure,
        })
      })
    })

    it('knows no segment that was never inserted', async () => {
      await withStore(async ({ jobs }) => {
        const update = jobs.updateSegment(KEY, { ids: [1] }, 'grouped')
        expect((await rejection(update)).code).to.equal('JOB_UNKNOWN')
      })
    })

    it('lists by state and job, oldest first', async () => {
      await withStore(async ({ jobs }) => {
        const other = hexOfDigit('2', 32)
        await jobs.insertSegment(newSegment({ segment: 3, state: 'running' }), 'durable')
        await jobs.insertSegment(newSegment({ segment: 1 }), 'durable')
        await jobs.insertSegment(newSegment({ jobId: other, state: 'running' }), 'durable')
        const listed = async (filter?: Parameters<JobLog['listSegments']>[0]) =>
          (await jobs.listSegments(filter)).map(({ jobId, segment }) => [jobId, segment])
        const [running, awarded, elsewhere] = [
          [JOB, 3],
          [JOB, 1],
          [other, 0],
        ]
        expect(await listed()).to.deep.equal([running, awarded, elsewhere])
        expect(await listed({ jobId: JOB })).to.deep.equal([running, awarded])
        expect(await listed({ states: ['running'] })).to.deep.equal([running, elsewhere])
        expect(await listed({ states: ['running'], jobId: other })).to.deep.equal([elsewhere])
        expect(await listed({ states: ['failed'] })).to.deep.equal([])
      })
    })

    it('forgets what finished segments delivered, not the rows, nor what runs or is young', async () => {
      await withStore(async ({ jobs }) => {
        await finish(jobs, 0, 1_000)
        await finish(jobs, 1, 2_000)
        await jobs.insertSegment(newSegment({ segment: 2 }), 'durable')
        await jobs.updateSegment({ jobId: JOB, segment: 2 }, { ids: [5] }, 'grouped')
        expect(await jobs.forget('completionIds', 2_000)).to.equal(1)
        expect(await jobs.forget('completionIds', 2_000)).to.equal(0)
        const rows = await jobs.listSegments()
        expect(rows.map(({ completionIds }) => completionIds)).to.deep.equal([[], [1, 2], [5]])
        expect(rows.map(({ receipts }) => receipts.length)).to.deep.equal([1, 1, 0])
        expect(await jobs.forget('receipts', 3_000)).to.equal(2)
        expect((await rejection(jobs.insertSegment(newSegment(), 'durable'))).code).to.equal(
          'SEGMENT_USED',
        )
      })
    })

    it('keeps transcripts whole, the last one of a job, newest first', async () => {
      await withStore(async ({ transcripts }) => {
        expect(await transcripts.find(JOB)).to.equal(undefined)
        expect(await transcripts.list(9)).to.deep.equal([])
        const failure = { code: 'NO_BIDS', detail: 'Nobody.' }
        const none = { auctions: [], segments: [] }
        const failed = transcript('2', { ...none, state: 'failed', failure, endedMs: 3 })
        await transcripts.save(transcript('1', { paid: '0' }))
        await transcripts.save(transcript('1'))
        expect(await transcripts.find(transcript('1').jobId)).to.deep.equal(transcript('1'))
        expect(await transcripts.list(9)).to.deep.equal([transcript('1')])
        await transcripts.save(failed)
        expect(await transcripts.list(9)).to.deep.equal([failed, transcript('1')])
        expect(await transcripts.list(1)).to.deep.equal([failed])
      })
    })

    it('never gives a nonce twice, also to those who ask at the same time, for each payer', async () => {
      await withStore(async ({ nonces }) => {
        const asked = Array.from({ length: 20 }, () => nonces.nextNonce(PAYER))
        const given = await Promise.all(asked)
        expect(given).to.deep.equal(Array.from({ length: 20 }, (_, n) => n + 1))
        expect(await nonces.nextNonce(PROVIDER)).to.equal(1)
        expect(await nonces.nextNonce(PAYER)).to.equal(21)
      })
    })
  })
}
