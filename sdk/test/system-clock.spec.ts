import { expect } from 'chai'
import { systemClock } from '../src/system-clock.ts'

describe('systemClock', () => {
  it('is the wall clock', () => {
    const before = Date.now()
    expect(systemClock.now()).to.be.within(before, Date.now())
  })

  it('calls back once, and not when cancelled', async () => {
    let calls = 0
    const cancel = systemClock.after(0, () => (calls += 10))
    cancel()
    await new Promise<void>((resolve) => {
      systemClock.after(0, () => {
        calls += 1
        resolve()
      })
      // The clock's own timers do not keep a process alive; this one does until they fire.
      const alive = setInterval(() => {
        if (calls > 0) clearInterval(alive)
      }, 1)
    })
    expect(calls).to.equal(1)
  })
})
