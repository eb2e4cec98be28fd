import { expect } from 'chai'
import { withDeadline } from '../../src/mesh/deadline.ts'
import { expectCode } from '../support/expect-code.ts'
import { FakeClock } from '../support/fake-clock.ts'

describe('deadline', () => {
  const never = new Promise<never>(() => undefined)
  let clock: FakeClock

  beforeEach(() => {
    clock = new FakeClock()
  })

  it('passes the value on and leaves no timer', async () => {
    const value = await withDeadline(Promise.resolve(3), { clock, ms: 10, what: 'No three' })
    expect(value).to.equal(3)
    expect(clock.pending).to.equal(0)
  })

  it('rejects with TIMED_OUT when the time is up', async () => {
    const waiting = withDeadline(never, { clock, ms: 10, what: 'No hello' })
    const failed = expectCode('TIMED_OUT', () => waiting)
    await clock.advance(10)
    expect((await failed).message).to.match(/^No hello within 10 ms\./)
  })

  it('rejects with CANCELLED when the signal aborts, also before', async () => {
    const controller = new AbortController()
    const options = { clock, ms: 10, what: 'No hello', signal: controller.signal }
    const waiting = withDeadline(never, options)
    controller.abort()
    await expectCode('CANCELLED', () => waiting)
    await expectCode('CANCELLED', () => withDeadline(never, options))
    expect(clock.pending).to.equal(0)
  })
})
