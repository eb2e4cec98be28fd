import type { Hex } from '@duckmesh/protocols'
import { expect } from 'chai'
import { createMemoryTranscripts } from '../../src/store/transcripts.ts'
import type { JobTranscript } from '../../src/store/transcripts.ts'
import { address, bytes32 } from '../support/offers.ts'

function transcript(n: number, paid = '0'): JobTranscript {
  return {
    jobId: bytes32(n),
    payer: address(1),
    modelId: bytes32(3),
    lane: 'direct',
    mode: 1,
    replicas: 1,
    maxPrice: '1',
    createdMs: 1,
    endedMs: 2,
    auctions: [],
    segments: [],
    state: 'finalized',
    paid,
    agreed: null,
  }
}

const idsOf = (list: readonly JobTranscript[]): Hex[] => list.map(({ jobId }) => jobId)

describe('createMemoryTranscripts', () => {
  it('finds by job and lists the newest first', async () => {
    const store = createMemoryTranscripts()
    for (const n of [1, 2, 3]) await store.save(transcript(n))
    expect(await store.find(bytes32(2))).to.deep.equal(transcript(2))
    expect(await store.find(bytes32(9))).to.equal(undefined)
    expect(idsOf(await store.list(9))).to.deep.equal([3, 2, 1].map(bytes32))
    expect(idsOf(await store.list(2))).to.deep.equal([3, 2].map(bytes32))
  })

  it('replaces the record of a job, which is then the newest', async () => {
    const store = createMemoryTranscripts()
    for (const n of [1, 2]) await store.save(transcript(n))
    await store.save(transcript(1, '7'))
    expect(await store.list(9)).to.deep.equal([transcript(1, '7'), transcript(2)])
  })

  it('keeps a thousand: the oldest goes', async () => {
    const store = createMemoryTranscripts()
    for (let n = 0; n <= 1_000; n += 1) await store.save(transcript(n))
    expect(await store.list(2_000)).to.have.length(1_000)
    expect(await store.find(bytes32(0))).to.equal(undefined)
    expect(await store.find(bytes32(1))).to.deep.equal(transcript(1))
  })
})
