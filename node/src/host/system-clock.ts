import type { Clock } from '@duckmesh/protocols'

/** The machine's clock and timers. A timer that nobody else waits for does not keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, fn) {
    const timer = setTimeout(fn, ms)
    timer.unref()
    return () => {
      clearTimeout(timer)
    }
  },
}
