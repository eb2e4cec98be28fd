import { expect } from 'chai'
import { ExpiringMap } from '../../src/market/expiring-map.ts'

describe('ExpiringMap', () => {
  it('forgets a value at its time', () => {
    const map = new ExpiringMap<string, number>(2)
    map.set('a', 1, 100)
    expect(map.get('a', 99)).to.equal(1)
    expect(map.get('a', 100)).to.equal(undefined)
    expect(map.size).to.equal(0)
  })

  it('drops the one that was set longest ago when it is full', () => {
    const map = new ExpiringMap<string, number>(2)
    map.set('a', 1, 100)
    map.set('b', 2, 100)
    map.set('a', 3, 100)
    map.set('c', 4, 100)
    expect(['a', 'b', 'c'].map((key) => map.get(key, 0))).to.deep.equal([3, undefined, 4])
    map.delete('a')
    expect(map.get('a', 0)).to.equal(undefined)
  })
})
