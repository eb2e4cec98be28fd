/** A job over its attempts: each match after the first starts where the one before found nobody. */
import type { JobOutcome } from '@duckmesh/protocols/dispatch'

/** The last attempt decides how it ended; money and segments are those of all. Takes at least one. */
export function joinOutcomes(outcomes: readonly JobOutcome[]): JobOutcome {
  const last = outcomes.at(-1)
  if (last === undefined) throw new TypeError('A job has at least one attempt.')
  const sum = (of: (outcome: JobOutcome) => bigint): bigint =>
    outcomes.reduce((total, outcome) => total + of(outcome), 0n)
  const tokensIn = outcomes.map((outcome) => outcome.tokensIn)
  return {
    ...last,
    segments: outcomes.flatMap(({ segments }) => segments),
    paid: sum(({ paid }) => paid),
    inDoubt: sum(({ inDoubt }) => inDoubt),
    tokensIn: tokensIn.findLast((count) => count > 0) ?? 0,
  }
}
