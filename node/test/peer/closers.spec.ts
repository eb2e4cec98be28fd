import { expect } from 'chai'
import { Closers } from '../../src/peer/closers.ts'

describe('Closers', () => {
  it('closes in the reverse order, once', async () => {
    const closers = new Closers()
    const seen: string[] = []
    for (const name of ['a', 'b', 'c']) {
      expect(closers.opened(name, (value) => seen.push(value))).to.equal(name)
    }
    await Promise.all([closers.closeAll(), closers.closeAll()])
    expect(seen).to.deep.equal(['c', 'b', 'a'])
  })

  it('closes the rest when one fails', async () => {
    const closers = new Closers()
    const seen: string[] = []
    closers.opened('a', (value) => seen.push(value))
    closers.opened('b', () => Promise.reject(new Error('stuck')))
    const failed = await closers.closeAll().catch((error: unknown) => error)
    expect(failed).to.have.property('message', 'stuck')
    expect(seen).to.deep.equal(['a'])
  })
})
