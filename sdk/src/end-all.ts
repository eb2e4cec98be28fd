/** Ending several things of which each must be ended, also when another one fails to. */

/** Calls the closers in order and waits for each. Rejects with the first failure, after the last call. */
export async function endAll(closers: readonly (() => unknown)[]): Promise<void> {
  const failures: unknown[] = []
  for (const close of closers) {
    try {
      await close()
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
}
