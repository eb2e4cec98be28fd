import { expect } from 'chai'
import type { Hex } from '@duckmesh/proto'
import { sampleInvited } from '../../../src/market/auction/sample-invited.ts'

const owner = (n: number): Hex => `0x${n.toString(16).padStart(40, '0')}`
const hash = (n: number): Hex => `0x${n.toString(16).padStart(64, '0')}`
const all = Array.from({ length: 60 }, (_, i) => owner(i))

describe('sampleInvited', () => {
  it('is the same whatever order and however often providers are named', () => {
    const sample = sampleInvited(all, hash(1), hash(2), 30)
    expect(sample).to.have.length(30)
    expect(sampleInvited([...all, ...all].reverse(), hash(1), hash(2), 30)).to.deep.equal(sample)
  })

  it('asks others for another job or epoch', () => {
    const sample = (seed: number, job: number): string =>
      sampleInvited(all, hash(seed), hash(job), 8).join()
    expect(new Set([sample(1, 1), sample(1, 2), sample(2, 1)]).size).to.equal(3)
  })

  it('gives every provider its share of many jobs', () => {
    const seen = new Map<Hex, number>()
    for (let job = 0; job < 400; job++) {
      for (const one of sampleInvited(all, hash(1), hash(job), 30)) {
        seen.set(one, (seen.get(one) ?? 0) + 1)
      }
    }
    // 200 each; five standard deviations are 50.
    for (const provider of all) expect(seen.get(provider) ?? 0).to.be.within(150, 250)
  })

  it('takes all when there are few', () => {
    expect(sampleInvited(all.slice(0, 3), hash(1), hash(2), 30)).to.have.length(3)
    expect(sampleInvited([], hash(1), hash(2), 30)).to.deep.equal([])
  })
})
