import { expect } from 'chai'
import { compareFigures } from '../compare-figures.ts'

describe('compareFigures', () => {
  const kept = { 'B.json': { one: '100', two: '200' }, 'A.json': { three: '300' } }

  it('says nothing of what is the same', () => {
    expect(compareFigures(kept, structuredClone(kept))).to.deep.equal([])
  })

  it('names a figure that rose or fell, by how much', () => {
    const measured = { ...kept, 'B.json': { one: '90', two: '205' } }
    expect(compareFigures(kept, measured)).to.deep.equal([
      'B, one: 100 -> 90 gas (-10)',
      'B, two: 200 -> 205 gas (+5)',
    ])
  })

  it('names a figure that is not kept, and one that nobody measures', () => {
    const measured = { 'B.json': { one: '100', two: '200', new: '1' } }
    expect(compareFigures(kept, measured)).to.deep.equal([
      'A, three: kept, measured no more',
      'B, new: 1 gas, not kept yet',
    ])
  })
})
