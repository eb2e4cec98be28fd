import { DuckMeshError } from '../errors.ts'
import type { Clock } from '../components.ts'

/** How long to wait, and for what (in the words of the error). */
export interface Deadline {
  clock: Clock
  ms: number
  /** For example `No hello`. */
  what: string
  signal?: AbortSignal | undefined
}

/**
 * The promise, or TIMED_OUT after `ms`, or CANCELLED when the signal aborts. The promise itself goes on:
 * the caller aborts what it waits for.
 */
export function withDeadline<T>(promise: Promise<T>, deadline: Deadline): Promise<T> {
  const { clock, ms, what, signal } = deadline
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      cleanUp()
      reject(new DuckMeshError('CANCELLED', `${what}: cancelled.`, { cause: signal?.reason }))
    }
    const stop = clock.after(ms, () => {
      cleanUp()
      reject(new DuckMeshError('TIMED_OUT', `${what} within ${String(ms)} ms.`))
    })
    const cleanUp = (): void => {
      stop()
      signal?.removeEventListener('abort', onAbort)
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    promise.finally(cleanUp).then(resolve, reject)
    if (signal?.aborted === true) onAbort()
  })
}
