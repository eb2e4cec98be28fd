import { AssertionError } from 'chai'

/** Between two looks, ms. */
const LOOK_MS = 40

/** Looks until `check` gives something else than undefined and false; fails with `what` after the deadline. */
export async function until<T>(
  what: string,
  check: () => T | Promise<T>,
  deadlineMs = 30_000,
): Promise<NonNullable<Exclude<T, false>>> {
  const end = Date.now() + deadlineMs
  for (;;) {
    const found = await check()
    if (found !== undefined && found !== null && found !== false) {
      return found as NonNullable<Exclude<T, false>>
    }
    if (Date.now() >= end) throw new AssertionError(`In ${deadlineMs} ms never: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}
