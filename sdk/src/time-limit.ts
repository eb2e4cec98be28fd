/** Abort signals that end by an injected clock. */
import { DuckMeshError } from '@duckmesh/protocols'
import type { Clock } from '@duckmesh/protocols'

export interface TimeLimit {
  /** Aborts with TIMED_OUT when the time is over, or with the reason of one of the other signals. */
  readonly signal: AbortSignal
  /** Frees the timer; call it when the work is done. */
  clear(): void
}

/** A signal that aborts `ms` from now, or as soon as one of the others does. */
export function timeLimit(
  clock: Clock,
  ms: number,
  others: readonly AbortSignal[] = [],
): TimeLimit {
  const late = new AbortController()
  const clear = clock.after(ms, () => {
    late.abort(new DuckMeshError('TIMED_OUT', `Not done within ${ms} ms.`))
  })
  return { signal: AbortSignal.any([late.signal, ...others]), clear }
}
