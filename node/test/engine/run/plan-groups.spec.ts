/** Tests: planGroups. */
import { expect } from 'chai'
import fc from 'fast-check'
import { planGroups } from '../../../src/engine/run/plan-groups.ts'

describe('engine/run/plan-groups', () => {
  it('puts rows of like length together and a short one beside a long one only while it is cheap', () => {
    expect(planGroups([10, 12, 11], 100)).to.deep.equal([[1, 2, 0]])
    expect(planGroups([10, 500, 11, 480], 100)).to.deep.equal([
      [1, 3],
      [2, 0],
    ])
    expect(planGroups([10, 500, 11, 480], 2000)).to.deep.equal([[1, 3, 2, 0]])
    expect(planGroups([], 10)).to.deep.equal([])
  })

  it('separates all rows when nothing may be wasted at all', () => {
    expect(planGroups([7, 7, 7], -1)).to.deep.equal([[0], [1], [2]])
  })

  it('places each row once, wastes no more than allowed, and gives the same plan one token later', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2000), { maxLength: 40 }), fc.nat(3000), (lengths, maxWaste) => {
        const groups = planGroups(lengths, maxWaste)
        expect(groups.flat().sort((a, b) => a - b)).to.deep.equal(lengths.map((_, i) => i))
        for (const group of groups) {
          const own = group.map((index) => lengths[index] ?? 0)
          const waste = own.reduce((sum, length) => sum + Math.max(...own) - length, 0)
          expect(waste).to.be.at.most(maxWaste)
        }
        const later = lengths.map((length) => length + 1)
        expect(planGroups(later, maxWaste)).to.deep.equal(groups)
      }),
    )
  })
})
