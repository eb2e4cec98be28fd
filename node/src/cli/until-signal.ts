/** Runs a service until it is told to stop. */

/** Longest orderly stop, ms: with the supervisor gone nobody would end a process that hangs. */
const STOP_LIMIT_MS = 10_000

/**
 * Calls `stop` once, at SIGINT, SIGTERM or when the returned function is called, and then ends the process:
 * exit code 0, or 1 when stopping failed, took 10 s or a signal came meanwhile.
 */
export function stopOnSignal(stop: () => Promise<void>): () => void {
  let stopping = false
  const once = (): void => {
    if (stopping) return
    stopping = true
    setTimeout(() => process.exit(1), STOP_LIMIT_MS).unref()
    void stop().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }
  const onSignal = (): void => {
    if (stopping) process.exit(1)
    once()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  return once
}
