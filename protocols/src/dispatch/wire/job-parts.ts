/** Small things that both drivers of a job share. */
import type { Hex } from '@duckmesh/proto'

/** Stands for the provider in events of a job that has none. */
export const NOBODY: Hex = `0x${'00'.repeat(20)}`

/** Calls `cancel` when the signal aborts, also when it did before; returns what ends the listening. */
export function cancelOn(signal: AbortSignal | undefined, cancel: () => void): () => void {
  if (signal === undefined) return () => undefined
  signal.addEventListener('abort', cancel, { once: true })
  // Not at once: the job that is cancelled is being constructed.
  if (signal.aborted) queueMicrotask(cancel)
  return () => {
    signal.removeEventListener('abort', cancel)
  }
}
