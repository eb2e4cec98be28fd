import { expect } from 'chai'
import fc from 'fast-check'
import { chooseEvictions, occupied } from '../../src/models/choose-evictions.ts'
import type { Blob, Holding } from '../../src/models/choose-evictions.ts'

const blob = (sha256: string, size: number): Blob => ({ sha256, size })
const holding = (cid: string, usedAtMs: number, ...blobs: Blob[]): Holding => ({
  cid,
  usedAtMs,
  blobs,
})

describe('chooseEvictions', () => {
  it('takes the oldest, and none when all fits', () => {
    const held = [
      holding('b', 2, blob('b', 10)),
      holding('a', 1, blob('a', 10)),
      holding('c', 3, blob('c', 10)),
    ]
    expect(chooseEvictions([[blob('n', 10)]], held, 40)).to.deep.equal([])
    expect(chooseEvictions([[blob('n', 10)]], held, 39)).to.deep.equal(['a'])
    expect(chooseEvictions([[blob('n', 10)]], held, 20)).to.deep.equal(['a', 'b'])
    expect(chooseEvictions([[blob('n', 10)]], held, 9)).to.equal(undefined)
  })

  it('spares a model whose files would stay anyway', () => {
    const held = [
      holding('a', 1, blob('s', 10)),
      holding('b', 2, blob('s', 10)),
      holding('c', 3, blob('c', 10)),
    ]
    const fixed = [[blob('s', 10)], [blob('n', 10)]]
    expect(chooseEvictions(fixed, held, 20)).to.deep.equal(['c'])
  })

  const blobs = fc.array(
    fc.record({ sha256: fc.constantFrom('a', 'b', 'c', 'd', 'e'), size: fc.constant(0) }),
    { maxLength: 3 },
  )
  const sized = blobs.map((list) =>
    list.map((each) => blob(each.sha256, each.sha256.charCodeAt(0) - 90)),
  )
  const holdings = fc.uniqueArray(
    fc.record({ cid: fc.string({ minLength: 1 }), usedAtMs: fc.nat(5), blobs: sized }),
    { selector: ({ cid }) => cid, maxLength: 6 },
  )

  it('keeps to the quota whenever that is possible, and lets no model go in vain', () => {
    fc.assert(
      fc.property(fc.array(sized, { maxLength: 2 }), holdings, fc.nat(60), (fixed, held, quota) => {
        const chosen = chooseEvictions(fixed, held, quota)
        if (chosen === undefined) {
          expect(occupied(fixed)).to.be.above(quota)
          return
        }
        const without = (gone: readonly string[]): number => {
          const kept = held.filter(({ cid }) => !gone.includes(cid))
          return occupied([...fixed, ...kept.map((each) => each.blobs)])
        }
        expect(without(chosen)).to.be.at.most(quota)
        for (const cid of chosen) {
          expect(without(chosen.filter((each) => each !== cid))).to.be.above(quota)
        }
      }),
    )
  })

  it('counts a file once', () => {
    expect(occupied([[blob('a', 5), blob('b', 7)], [blob('a', 5)], []])).to.equal(12)
  })
})
