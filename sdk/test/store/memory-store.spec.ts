import { expect } from 'chai'
import type { NewSegment } from '@duckmesh/protocols/dispatch'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { address, bytes32 } from '../support/offers.ts'

// What every store must do is proved by the compliance suite in node/test/client.

const row = (n: number): NewSegment => ({
  jobId: bytes32(n),
  segment: 0,
  payer: address(1),
  provider: address(2),
  state: 'posted',
  atMs: n,
  terms: '{}',
})

describe('createMemoryStore', () => {
  it('starts nonces at the time of the start, so that a later run uses higher ones', async () => {
    const { nonces } = createMemoryStore(1_000)
    expect(await nonces.nextNonce(address(1))).to.equal(1_000)
    expect(await nonces.nextNonce(address(1))).to.equal(1_001)
    expect(await nonces.nextNonce(address(2))).to.equal(1_000)
  })

  it('forgets the oldest finished jobs above a thousand, never one that runs', async () => {
    const { jobs } = createMemoryStore(0)
    for (let n = 0; n < 1_000; n += 1) await jobs.insertSegment(row(n), 'durable')
    const end = { enter: { state: 'finalized' as const, atMs: 5 } }
    await jobs.updateSegment({ jobId: bytes32(1), segment: 0 }, end, 'durable')
    await jobs.updateSegment({ jobId: bytes32(2), segment: 0 }, end, 'durable')
    await jobs.insertSegment(row(1_000), 'durable')
    const kept = async (n: number): Promise<boolean> =>
      (await jobs.getSegment({ jobId: bytes32(n), segment: 0 })) !== undefined
    expect(await Promise.all([0, 1, 2, 1_000].map(kept))).to.deep.equal([true, false, true, true])
    expect(await jobs.listSegments()).to.have.length(1_000)
  })

  it('closes without a wait', async () => {
    await createMemoryStore(0).close()
  })
})
