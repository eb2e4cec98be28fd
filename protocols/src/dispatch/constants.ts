/** Durations and sizes of dispatch, each with its unit and reason (docs/spec/dispatch.md). */

/**
 * Provider: tokens that come within this time share a chunk, ms. Two frames of a display; a model of 2 000 tokens/s
 * sends 15 times fewer frames, one of 50 tokens/s as many as before.
 */
export const GATHER_MS = 8

/** Tokens a step: the most a client is ahead of the provider (DESIGN §5). */
export const STEP_TOKENS = 64

/** Numbers a step of an embedding or a classification: as many as one chunk carries (rule N-4). */
export const STEP_NUMBERS = 512

/** Numbers of one job: each receipt hashes all of its segment, so the work of both sides grows with the square. */
export const MAX_NUMBERS = 65_536

/** An answer to an award; covers opening the spec and one chain read on a slow RPC. */
export const ACCEPT_TIMEOUT_MS = 10_000

/** Provider: longest time the engine may take to tokenise and admit; below the client's accept timeout. */
export const OPEN_TIMEOUT_MS = 8_000

/** Client: longest silence of a running segment before it counts as stalled. A step of a big model on a CPU may take this long. */
export const STALL_TIMEOUT_MS = 30_000

/** Client with a backup: an answer to an award, or a connection; a backup is asked soon after (DESIGN §12). */
export const BACKUP_ACCEPT_TIMEOUT_MS = 1_500

/** Client with a backup: longest silence after the first token before the rest goes to it (DESIGN §5). */
export const BACKUP_STALL_TIMEOUT_MS = 2_000

/** Client, redundant mode: from the last voucher to the reveal; the answer lies ready at the member. */
export const REVEAL_TIMEOUT_MS = 5_000

/** Member: how long after the deadline a last voucher that was sent in time may still come in. */
export const RELEASE_GRACE_MS = 5_000

/** Provider: how long the slot waits for the voucher of the next step. */
export const VOUCHER_TIMEOUT_MS = 30_000

/** Client: how long a cancelled job waits for the receipt of its last part. */
export const CANCEL_TIMEOUT_MS = 5_000

/** Provider: how long a terminal segment waits for its last frames before the stream is reset. */
export const END_GRACE_MS = 5_000

/** Both: how long one frame may wait for a remote that does not read, before the stream is reset. */
export const SEND_TIMEOUT_MS = 10_000

/** Both: one timer tick of a running segment; the coarsest error of any deadline above. */
export const TICK_MS = 250

/** Longest time from order to deadline that a provider takes on; keeps slots and stored results bounded. */
export const MAX_JOB_LIFE_MS = 3_600_000

/** Open segments of one payer at one provider; one browser tab needs few, a flood is refused. */
export const MAX_SEGMENTS_PER_PAYER = 16

/** Members of one redundant job; more would agree no better and cost as much each (DESIGN §9). */
export const MAX_REPLICAS = 16

/** 48 h: results are kept this long for a client that comes back (DESIGN §12). */
export const RESULT_TTL_MS = 172_800_000

/** Info string of the HPKE seal of a spec (SCHEMAS "Seal"). */
export const SPEC_SEAL_INFO = 'duckmesh/1/spec'
