import { watchParent } from './watch-parent.ts'

/** npm passes a Ctrl-C on, so one press under it arrives twice: what comes within this time is the same one, ms. */
const SAME_PRESS_MS = 500

/**
 * Aborts at the first Ctrl-C, SIGTERM or SIGHUP, or when whoever started us is gone. `again` is called when a
 * signal comes once more: somebody does not want to wait.
 */
export function onEnd(again: () => void): AbortSignal {
  const ended = new AbortController()
  let firstMs = 0
  const signalled = (): void => {
    if (!ended.signal.aborted) {
      firstMs = Date.now()
      ended.abort()
    } else if (Date.now() - firstMs >= SAME_PRESS_MS) again()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, signalled)
  watchParent(() => {
    if (!ended.signal.aborted) ended.abort()
  })
  return ended.signal
}
