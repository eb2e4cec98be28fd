import { expect } from 'chai'
import { raceAbort } from '../../src/engine/race-abort.ts'
import { restartDelay } from '../../src/engine/restart-delay.ts'
import { expectCode } from './support/expect-code.ts'

describe('engine/race-abort', () => {
  it('gives the value, the error or CANCELLED, whichever comes first', async () => {
    const { signal } = new AbortController()
    expect(await raceAbort(Promise.resolve(1), signal)).to.equal(1)
    const cancel = new AbortController()
    const never = raceAbort(new Promise(() => undefined), cancel.signal)
    cancel.abort()
    await expectCode('CANCELLED', () => never)
    await expectCode('CANCELLED', () => raceAbort(new Promise(() => undefined), cancel.signal))
  })
})

describe('engine/restart-delay', () => {
  it('doubles from 100 ms to 10 s', () => {
    expect([1, 2, 3, 8, 100].map(restartDelay)).to.deep.equal([100, 200, 400, 10_000, 10_000])
  })
})
