/** When an auction closes (K-53). Pure. */

/** Bids or passes beyond the replicas after which waiting longer changes little. */
const ANSWERS_BEYOND_REPLICAS = 5

export interface BidWindow {
  /** It closes between the two, ms since 1970. */
  minAt: number
  maxAt: number
  /** Answers of invited providers after which it closes early. */
  wanted: number
}

/** The window that opens at `now` for a job with that many replicas and invited providers. */
export function openWindow(
  now: number,
  { replicas, invited }: { replicas: number; invited: number },
  { minMs, maxMs }: { minMs: number; maxMs: number },
): BidWindow {
  const wanted = Math.min(replicas + ANSWERS_BEYOND_REPLICAS, invited)
  return { minAt: now + minMs, maxAt: now + maxMs, wanted }
}

/** Enough answers after the minimum, or the maximum. */
export function isOver(window: BidWindow, answers: number, now: number): boolean {
  return now >= window.maxAt || (now >= window.minAt && answers >= window.wanted)
}

/** The latest end; the minimum when nobody is waited for. */
export function closesAt({ minAt, maxAt, wanted }: BidWindow): number {
  return wanted === 0 ? minAt : maxAt
}
