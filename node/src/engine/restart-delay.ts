/** First pause before a crashed worker is started again, and the longest, in milliseconds. */
export const FIRST_RESTART_DELAY_MS = 100
export const LONGEST_RESTART_DELAY_MS = 10_000

/** Doubles with each crash that no finished step came between. */
export function restartDelay(crashesInARow: number): number {
  const doubled = FIRST_RESTART_DELAY_MS * 2 ** Math.min(crashesInARow - 1, 16)
  return Math.min(LONGEST_RESTART_DELAY_MS, doubled)
}
