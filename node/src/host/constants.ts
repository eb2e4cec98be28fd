/** Pause before seeds are dialled again, ms: short at first, since processes of a local network start together. */
export const FIRST_BACKOFF_MS = 250
/** Longest pause, ms: a seed that is back is found within half a minute. */
export const MAX_BACKOFF_MS = 30_000
/** Rounds of a first join: 250 ms + 500 + … is about 8 s before NO_PEERS is said. */
export const JOIN_ROUNDS = 6
/** Pause before the DHT looks for its neighbours, ms: every query, also the first announcement, waits for that. */
export const FIRST_DHT_LOOK_MS = 1
