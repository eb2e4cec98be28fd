/** The real clock: what a client or node passes as `Clock`. */
import type { Clock } from '@duckmesh/protocols'

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, fn) => {
    const timer = setTimeout(fn, ms)
    return () => {
      clearTimeout(timer)
    }
  },
}
