/** Tests: PieceLists. */
import { expect } from 'chai'
import { PieceLists } from '../../src/fetch/piece-lists.ts'
import { MemorySource, sha256, testModel } from './support/models.ts'

const MIB = 1024 * 1024

describe('PieceLists', () => {
  const model = testModel('duckling', [2 * MIB + 1, 3 * MIB])
  const [[a, bytes], [b]] = [...model.blobs] as [[string, Uint8Array], [string, Uint8Array]]

  it('hashes each piece once, whoever asks, and the last one as long as it is', async () => {
    const source = new MemorySource(model)
    const lists = new PieceLists({ source, sha256 })
    const both = await Promise.all([lists.of(a, 2 * MIB + 1), lists.of(a, 2 * MIB + 1)])
    const hashes = [0, 1, 2].map((i) => sha256(bytes.subarray(i * MIB, (i + 1) * MIB)))
    for (const list of both) expect(Buffer.from(list)).to.deep.equal(Buffer.concat(hashes))
    expect(source.reads).to.equal(3)
  })

  it('forgets the list that was used least recently when they take too much', async () => {
    const source = new MemorySource(model)
    const lists = new PieceLists({ source, sha256 }, 4 * 32)
    await lists.of(a, 2 * MIB + 1)
    await lists.of(b, 3 * MIB)
    expect(source.reads).to.equal(6)
    await lists.of(b, 3 * MIB)
    expect(source.reads).to.equal(6)
    await lists.of(a, 2 * MIB + 1)
    expect(source.reads).to.equal(9)
  })

  it('tries again after the source failed, also for the next blob in the row', async () => {
    const source = new MemorySource(model)
    source.spoil = () => {
      throw new Error('the disk is gone')
    }
    const lists = new PieceLists({ source, sha256 })
    const outcomes = await Promise.allSettled([lists.of(a, 2 * MIB + 1), lists.of(b, 3 * MIB)])
    expect(outcomes.map(({ status }) => status)).to.deep.equal(['rejected', 'rejected'])
    source.spoil = (read) => read
    expect((await lists.of(a, 2 * MIB + 1)).length).to.equal(96)
  })
})
