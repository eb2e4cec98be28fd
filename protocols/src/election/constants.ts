/** Defaults of the election, each with its unit and the reason for the number (docs/spec/election.md). */
import { limits } from '@duckmesh/proto'

/** Seats of one turn: enough that all of them are hostile once in 10^5 turns at 20 % hostile stake (E-8). */
export const SEATS: number = limits.MAX_SEATS

/** Seats that serve, and beat, at the same time: clients send to two (E-13). */
export const FRONT_SEATS = 2

/** A seat unheard for this long is taken for silent, ms: two missed heartbeats (E-14). */
export const SILENT_AFTER_MS = 2_000

/** A seat beats this long before its turn begins, ms, so that clients know it when it does (E-13). */
export const EARLY_BEAT_MS = 1_000

/** How far from a turn's boundary the neighbour turn still counts, ms: clocks differ (E-2). */
export const TURN_SKEW_MS = 2_000

/** Epochs whose seed and weights are kept: the last, this and the next (E-10). */
export const CACHED_EPOCHS = 3

/** Drawn seat lists kept, about 400 bytes each: every shard for this turn, the next and some before. */
export const CACHED_DRAWS = 256

/** Owners remembered per shard as heard; a turn has seven seats. */
export const MAX_HEARD_OWNERS = 128
