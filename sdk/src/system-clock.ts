/** The machine's clock and timers: what a client or node passes as `Clock`. */
import type { Clock } from '@duckmesh/protocols'

/** On Node a timer that nobody else waits for does not keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, fn) => {
    const timer = setTimeout(fn, ms)
    unref(timer)
    return () => {
      clearTimeout(timer)
    }
  },
}

/** Node's timers are objects, a browser's are numbers; the types here know the latter only. */
function unref(timer: unknown): void {
  if (typeof timer === 'object' && timer !== null) (timer as { unref(): void }).unref()
}
