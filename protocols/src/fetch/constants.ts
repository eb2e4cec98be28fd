/** Numbers of the fetch protocol, each with its unit and reason (docs/spec/fetch.md). */

/** Bytes of a piece: what one hash covers, and the most that one wrong answer costs (F-10). */
export const PIECE_BYTES: number = 1024 * 1024

/** Bytes asked for at once: the largest answer, four to a piece (F-4). */
export const BLOCK_BYTES: number = 256 * 1024

/** Bytes of the largest blob: its list of pieces takes 8 MiB here and there (F-10). */
export const MAX_BLOB_BYTES: number = 256 * 1024 * 1024 * 1024

/** Bytes a second that one caller gets, and at once: a fifth of what a core can encrypt (F-30). */
export const CALLER_BYTES_PER_S: number = 32 * 1024 * 1024
export const CALLER_BURST_BYTES: number = 8 * 1024 * 1024

/** Bytes a second that all callers get together: jobs are served by the same thread (F-30). */
export const TOTAL_BYTES_PER_S: number = 64 * 1024 * 1024
export const TOTAL_BURST_BYTES: number = 16 * 1024 * 1024

/** Longest wait for the right to send, ms; a caller that would wait longer is refused (F-30). */
export const MAX_PACE_MS = 5_000

/** Requests of one caller per second and at once: twice what its bytes need in blocks of the full size (F-31). */
export const REQUESTS_PER_S = 256
export const REQUEST_BURST = 256

/** Streams that are served at once, and of one caller: a block each is 16 MiB of memory (F-32). */
export const MAX_STREAMS = 64
export const MAX_CALLER_STREAMS = 2

/** How long a caller may be silent or not read before its stream is reset, ms (F-33). */
export const IDLE_MS = 60_000

/** Longest time for one answer from disk, the hashing of a large blob apart, ms (F-33). */
export const ANSWER_MS = 10_000

/** Time for a list of pieces before the caller is told to ask again, and its pause until then, ms (F-34). */
export const LIST_WAIT_MS = 5_000
export const BUSY_PAUSE_MS = 2_000

/** Bytes of lists of pieces that a server keeps: those of 512 GiB (F-34). */
export const MAX_LIST_CACHE_BYTES: number = 16 * 1024 * 1024

/** Deadline of one answer for a caller, ms; with one block at a time 17 KB/s are fast enough (F-42). */
export const BLOCK_TIMEOUT_MS = 15_000

/** Peers a pull knows, and asks at the same time (F-40). */
export const MAX_KNOWN_HOLDERS = 64
export const MAX_ACTIVE_HOLDERS = 16

/** Pieces between the last that was stored and the newest that is asked for: bounds memory to 32 MiB (F-41). */
export const WINDOW_PIECES = 32

/** Pieces asked of one holder at the same time: while one ends, the next is under way. */
export const PIECES_PER_HOLDER = 2

/** After this long another holder is asked for the same piece, when it has nothing else to do, ms (F-41). */
export const STEAL_AFTER_MS = 1_000

/** A holder that took longer for a piece is asked for one block at a time, ms (F-42). */
export const SLOW_PIECE_MS = 10_000

/** How long to wait for more lists of pieces after the first one, ms: the list that most holders tell is used (F-21). */
export const GATHER_LISTS_MS = 500

/** Pause after a failure of a holder, doubled each time, ms, and the failures after which it is forgotten (F-42). */
export const FIRST_PAUSE_MS = 500
export const MAX_PAUSE_MS = 30_000
export const MAX_FAILURES = 6

/** Failures in a row of all who told a list after which another list is tried (F-23). */
export const LEAVE_AFTER_FAILURES = 3

/** Holders are searched again after this long while there are few, ms; twice as long each time, up to the second (F-40). */
export const FIRST_SEARCH_MS = 500
export const SEARCH_INTERVAL_MS = 10_000

/** A pull gives up when for so long nobody sent anything, ms: six answers that did not come (F-43). */
export const PATIENCE_MS = 90_000

/** Holders under one key of the DHT before others take finer ones; a search of a key tells 20 at most (F-51). */
export const KEY_HOLDERS = 16

/** Bits of the bucket in the keys of a model, from the plain one on (F-51). */
export const BUCKET_BITS: readonly number[] = [0, 4, 8]
