/** The name of a turn and how long turns are (rule E-1). */

/** One turn: both numbers count from 0, the epoch since 1970, the turn within its epoch (rule E-1). */
export interface TurnId {
  epoch: number
  turn: number
}

/** Durations of the network, seconds; deploy parameters (SCHEMAS "Durations"). */
export interface ElectionTimes {
  epochS: number
  turnS: number
}
