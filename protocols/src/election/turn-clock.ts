/** Which turn it is, from the wall clock and the durations of the network (rule E-1). */
import type { Clock } from '../components.ts'
import { DuckMeshError } from '../errors.ts'
import { TURN_SKEW_MS } from './constants.ts'
import type { ElectionTimes, TurnId } from './turn-id.ts'

export class TurnClock {
  readonly times: ElectionTimes
  readonly #clock: Pick<Clock, 'now'>

  /** @throws DuckMeshError CONFIG_INVALID unless both durations are whole seconds and a turn fits an epoch */
  constructor(clock: Pick<Clock, 'now'>, times: ElectionTimes) {
    const { epochS, turnS } = times
    if (
      !Number.isSafeInteger(epochS) ||
      !Number.isSafeInteger(turnS) ||
      turnS < 1 ||
      epochS < turnS
    ) {
      const details = { epochS, turnS }
      throw new DuckMeshError('CONFIG_INVALID', 'Epoch and turn are no usable durations.', {
        details,
      })
    }
    this.#clock = clock
    this.times = { epochS, turnS }
  }

  /** The turn of this moment. */
  now(): TurnId {
    return this.at(this.#clock.now())
  }

  /** The turn at a time, ms since 1970. */
  at(ms: number): TurnId {
    const seconds = Math.floor(ms / 1_000)
    const { epochS, turnS } = this.times
    return { epoch: Math.floor(seconds / epochS), turn: Math.floor((seconds % epochS) / turnS) }
  }

  next(id: TurnId): TurnId {
    const { epochS, turnS } = this.times
    const last = (id.turn + 1) * turnS >= epochS
    return last ? { epoch: id.epoch + 1, turn: 0 } : { epoch: id.epoch, turn: id.turn + 1 }
  }

  /** First moment of the turn, ms since 1970. */
  startMs(id: TurnId): number {
    return (id.epoch * this.times.epochS + id.turn * this.times.turnS) * 1_000
  }

  /** First moment after the turn, ms since 1970; the last turn of an epoch may be cut short. */
  endMs(id: TurnId): number {
    return this.startMs(this.next(id))
  }

  /** True for a turn that exists and is the current one, or a neighbour within `skewMs` of the boundary (E-2). */
  isCurrent(id: TurnId, skewMs: number = TURN_SKEW_MS): boolean {
    const now = this.#clock.now()
    if (!(id.turn >= 0) || id.turn * this.times.turnS >= this.times.epochS) return false
    return now >= this.startMs(id) - skewMs && now < this.endMs(id) + skewMs
  }
}
