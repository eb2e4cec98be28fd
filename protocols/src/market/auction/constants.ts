/** Numbers of the auction rules, each with its unit and reason (docs/spec/market.md). */

/** The score rule of this version (K-61). */
export const RULE_VERSION = 1

/** Info string of the HPKE seal of a bid (SCHEMAS "Seal"). */
export const BID_SEAL_INFO = 'duckmesh/1/bid'

/** Time to the first token that costs nothing in the score, ms: faster is not noticed by a reader. */
export const ETA_REF_MS = 2_000

/** One, in the fixed point of scores. */
export const SCORE_ONE = 1_000_000n

/** A bid binds for this long or until the job's deadline, s: a few backups of a slow job fit in. */
export const BID_LIFE_S = 600

/** Least life of a bid that counts, seconds from the start of its match's turn (K-62): the turn's grace is left out. */
export const MIN_BID_LIFE_S = 590

/** Seats take this share of what the client paid, in basis points (K-80). */
export const SEAT_FEE_BPS = 100n

/** Mode of a redundant order (DESIGN §9); every other mode has one provider. */
export const MODE_REDUNDANT = 0
