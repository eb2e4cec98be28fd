/** Runs a service until it is told to stop. */

/** Calls `stop` once at SIGINT, SIGTERM or when the returned function is called; a second signal exits at once. */
export function stopOnSignal(stop: () => Promise<void>): () => void {
  let stopping = false
  const once = (): void => {
    if (stopping) process.exit(1)
    stopping = true
    void stop().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }
  process.on('SIGINT', once)
  process.on('SIGTERM', once)
  return once
}
