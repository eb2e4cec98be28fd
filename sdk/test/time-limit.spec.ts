import { DuckMeshError } from '@duckmesh/protocols'
import { expect } from 'chai'
import { timeLimit } from '../src/time-limit.ts'
import { FakeClock } from './support/fake-clock.ts'

describe('timeLimit', () => {
  it('aborts with TIMED_OUT when the time is over', async () => {
    const clock = new FakeClock()
    const { signal } = timeLimit(clock, 100)
    await clock.advance(99)
    expect(signal.aborted).to.equal(false)
    await clock.advance(1)
    expect(signal.reason).to.be.instanceOf(DuckMeshError).with.property('code', 'TIMED_OUT')
  })

  it('aborts with the reason of another signal, also of one that aborted before', () => {
    const other = new AbortController()
    const { signal } = timeLimit(new FakeClock(), 100, [other.signal])
    other.abort('enough')
    expect(signal.reason).to.equal('enough')
    expect(timeLimit(new FakeClock(), 100, [AbortSignal.abort()]).signal.aborted).to.equal(true)
  })

  it('leaves no timer behind when cleared', async () => {
    const clock = new FakeClock()
    const limit = timeLimit(clock, 100)
    limit.clear()
    expect(clock.pending).to.equal(0)
    await clock.advance(200)
    expect(limit.signal.aborted).to.equal(false)
  })
})
