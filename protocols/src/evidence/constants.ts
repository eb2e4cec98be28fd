/** Defaults of evidence, each with its unit and the reason for the number (docs/spec/evidence.md). */

/**
 * Longest wait of a peer that did not find the fault itself before it brings the proof to the chain, ms: long enough
 * for the block of whoever drew the shortest wait to be seen, short against every thaw (P-12).
 */
export const SUBMIT_DELAY_MS: Readonly<Record<'local' | 'public', number>> = {
  local: 5_000,
  public: 120_000,
}

/** Between two tries to bring a proof to the chain, ms: an unreachable chain or an empty account is not fixed sooner. */
export const RETRY_MS = 30_000

/** Tries to bring one proof to the chain. After ten minutes others have done it, or nobody can. */
export const MAX_TRIES = 20

/** How long a proof is kept, ms: the fault window of DESIGN §8, 7 d. */
export const PROOF_TTL_MS = 604_800_000

/** Proofs kept, up to 4 KiB each. */
export const MAX_PROOFS = 1_024

/** Proofs kept against one owner: 64 slashes of a tenth leave a thousandth of a stake. */
export const MAX_PROOFS_PER_ACCUSED = 64

/** Notices whose proof is wanted at a time; more are forgotten, they come again with the next holder. */
export const MAX_WANTED = 64

/** Holders remembered of one wanted proof. */
export const MAX_HOLDERS = 8

/** Proofs fetched at a time. */
export const MAX_FETCHES = 4

/** How long a holder is not asked after it gave something else than it promised, ms (P-9). */
export const MUTE_MS = 600_000

/** Holders and hashes remembered as bad. */
export const MAX_MUTED = 1_024

/** Deadline of one question, ms: whoever takes a proof asks its chain first. */
export const EVIDENCE_TIMEOUT_MS = 5_000

/** Questions of one caller per second, and at once (P-10). */
export const EVIDENCE_RATE_PER_S = 2
export const EVIDENCE_BURST = 20

/** Proofs handed over by one caller per second, and at once: a client that met a bad provider has one (P-10). */
export const SUBMIT_RATE_PER_S = 0.1
export const SUBMIT_BURST = 5

/** And by all callers together: each costs signatures and a look at the chain, and names are free (P-10). */
export const ALL_SUBMITS_RATE_PER_S = 5
export const ALL_SUBMITS_BURST = 20
