/** Who may beat for which turn, as gossip asks it (rules E-2 and E-11). */
import type { Hex } from '@duckmesh/proto'
import type { SeatRules } from '../mesh/index.ts'
import type { SeatView } from './interface.ts'
import type { TurnId } from './turn-id.ts'

export class ElectionSeatRules implements SeatRules {
  readonly #view: SeatView

  constructor(view: SeatView) {
    this.#view = view
  }

  isTime(id: TurnId): boolean {
    return this.#view.turnClock.isCurrent(id)
  }

  /** `unknown` while the chain view does not answer: a block of lag must not cost a peer its score. */
  async isSeat(owner: Hex, shard: number, id: TurnId): Promise<boolean | 'unknown'> {
    try {
      return (await this.#view.seats(shard, id)).includes(owner)
    } catch {
      return 'unknown'
    }
  }
}
