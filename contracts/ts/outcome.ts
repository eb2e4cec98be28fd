/** What referees may find, by the number that they sign (SCHEMAS "Verdict"). */
export const OUTCOMES = ['ok', 'fault', 'undecided', 'noEvidence'] as const

export type Outcome = (typeof OUTCOMES)[number]
