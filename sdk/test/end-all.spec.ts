import { expect } from 'chai'
import { endAll } from '../src/end-all.ts'

describe('endAll', () => {
  it('calls the closers one after the other', async () => {
    const seen: string[] = []
    await endAll([
      async () => {
        await Promise.resolve()
        seen.push('a')
      },
      () => seen.push('b'),
    ])
    expect(seen).to.deep.equal(['a', 'b'])
  })

  it('closes the rest when one fails, and rejects with the first failure', async () => {
    const seen: string[] = []
    const failed = await endAll([
      () => Promise.reject(new Error('first')),
      () => {
        throw new Error('second')
      },
      () => seen.push('closed'),
    ]).catch((error: unknown) => error)
    expect(failed).to.have.property('message', 'first')
    expect(seen).to.deep.equal(['closed'])
  })
})
