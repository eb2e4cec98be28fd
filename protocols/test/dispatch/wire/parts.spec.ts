import { expect } from 'chai'
import { AsyncQueue } from '../../../src/dispatch/index.ts'
import { firstStepPrice, nextStepPrice, segmentPriceCap } from '../../../src/dispatch/index.ts'
import type { JobState, StateAt } from '../../../src/dispatch/index.ts'
import { startProgress } from '../../../src/dispatch/progress.ts'
import { MachineCell } from '../../../src/dispatch/wire/machine-cell.ts'
import { SegmentWriter } from '../../../src/dispatch/wire/segment-writer.ts'
import { wireDetail } from '../../../src/dispatch/wire/wire-detail.ts'
import { FACTS, NOW, TERMS } from '../../support/machine-fixtures.ts'
import { MemoryJobLog } from '../../support/memory-stores.ts'

describe('step prices', () => {
  it('round up each step by itself', () => {
    expect(firstStepPrice(TERMS)).to.equal(69n)
    expect(nextStepPrice(TERMS, 64)).to.equal(65n)
    expect(nextStepPrice(TERMS, 128)).to.equal(33n)
    expect(nextStepPrice(TERMS, 160)).to.equal(0n)
    expect(segmentPriceCap(TERMS)).to.equal(69n + 65n + 33n)
  })
})

describe('segment writer', () => {
  const at = (...states: JobState[]): StateAt[] => states.map((state) => ({ state, atMs: NOW }))

  it('keeps the states in order when two writes are under way', async () => {
    const log = new MemoryJobLog()
    const { payer, provider } = FACTS
    const key = { jobId: FACTS.jobId, segment: 0 }
    const row = { ...key, payer, provider, terms: '' }
    await log.insertSegment({ ...row, state: 'awarded', atMs: NOW }, 'durable')
    const writer = new SegmentWriter(log, key)
    const progress = startProgress(FACTS)
    const early = at('awarded', 'accepted', 'running')
    const late = [...early, ...at('completed', 'finalized')]
    await Promise.all([
      writer.write({ history: early, progress: { ...progress, ids: [1, 2] } }, 'grouped'),
      writer.write({ history: late, progress: { ...progress, ids: [1, 2, 3] } }, 'durable'),
    ])
    const stored = await log.getSegment(key)
    expect(stored?.history).to.deep.equal(late)
    expect(stored?.state).to.equal('finalized')
    expect(stored?.completionIds).to.deep.equal([1, 2, 3])
  })
})

describe('wire detail', () => {
  it('fits the frame in bytes and stays well-formed', () => {
    for (const text of ['short', 'ä'.repeat(600), '🦆'.repeat(300), `${'x'.repeat(511)}ä`]) {
      const cut = wireDetail(text)
      expect(new TextEncoder().encode(cut).length <= 512).to.equal(true)
      expect(text.startsWith(cut)).to.equal(true)
      expect(cut.isWellFormed()).to.equal(true)
    }
    expect(wireDetail('short')).to.equal('short')
  })
})

describe('machine cell', () => {
  it('performs effects in the order of events and queued work in line', async () => {
    const seen: string[] = []
    const cell = new MachineCell<number, string, string>(
      0,
      (state, event) => ({ state: state + 1, effects: [event] }),
      async (effect) => {
        await Promise.resolve()
        seen.push(effect)
      },
      () => NOW,
    )
    void cell.send('a')
    void cell.queue(async () => {
      seen.push('work')
    })
    await cell.send('b')
    expect(cell.state).to.equal(2)
    expect(seen).to.deep.equal(['a', 'work', 'b'])
  })
})

describe('async queue', () => {
  it('hands out in order, waits, and ends with its error', async () => {
    const queue = new AsyncQueue<number>()
    queue.push(1)
    const iterator = queue[Symbol.asyncIterator]()
    expect((await iterator.next()).value).to.equal(1)
    const later = iterator.next()
    queue.push(2)
    expect((await later).value).to.equal(2)
    queue.end(new Error('over'))
    queue.push(3)
    const error: unknown = await iterator.next().catch((thrown: unknown) => thrown)
    expect(error).to.have.property('message', 'over')
  })
})
