/** Tests: Watchdog, on a clock of its own. */
import { expect } from 'chai'
import {
  LOAD_LIMIT_MS,
  MAX_MISSED_PINGS,
  PING_INTERVAL_MS,
  Watchdog,
} from '../../src/engine/watchdog.ts'

describe('engine/watchdog', () => {
  let due: { task: () => void; delayMs: number } | null
  let busy: boolean
  let pings: number
  let stalled: string[]
  let watchdog: Watchdog
  beforeEach(() => {
    ;[due, busy, pings, stalled] = [null, true, 0, []]
    watchdog = new Watchdog({
      schedule: (task, delayMs) => {
        due = { task, delayMs }
        return () => {
          due = null
        }
      },
      busy: () => busy,
      ping: () => pings++,
      stalled: (reason) => stalled.push(reason),
    })
  })
  const pass = (times = 1): void => {
    for (let i = 0; i < times; i++) due?.task()
  }

  it('gives a worker up that does not load in time', () => {
    expect(due?.delayMs).to.equal(LOAD_LIMIT_MS)
    pass()
    expect(stalled).to.deep.equal(['it did not load in time'])
  })

  it('asks a busy worker, and leaves an idle one alone', () => {
    watchdog.loaded()
    expect(due?.delayMs).to.equal(PING_INTERVAL_MS)
    pass(2)
    expect(pings).to.equal(2)
    busy = false
    pass(50)
    expect([pings, stalled.length]).to.deep.equal([2, 0])
  })

  it('gives a worker up after too many questions without an answer', () => {
    watchdog.loaded()
    pass(MAX_MISSED_PINGS)
    expect(stalled).to.deep.equal([])
    pass()
    expect(stalled).to.deep.equal(['it no longer answers'])
  })

  it('takes any word for an answer', () => {
    watchdog.loaded()
    for (let i = 0; i < 20; i++) {
      pass()
      watchdog.heard()
    }
    expect(stalled).to.deep.equal([])
  })

  it('is quiet once stopped', () => {
    watchdog.loaded()
    watchdog.stop()
    expect(due).to.equal(null)
  })
})
