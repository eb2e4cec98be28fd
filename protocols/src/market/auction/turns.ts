import type { TurnClock, TurnId } from '../../election/index.ts'

/** Of the same turn or of one right after the other (K-54): clocks differ at the boundary. */
export function areNeighbours(turnClock: TurnClock, a: TurnId, b: TurnId): boolean {
  const [first, second] = turnClock.startMs(a) <= turnClock.startMs(b) ? [a, b] : [b, a]
  return turnClock.startMs(second) <= turnClock.endMs(first)
}
