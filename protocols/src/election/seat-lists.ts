/** The seats as a full node knows them: drawn from all weights, cached by epoch (rule E-10). */
import type { Hex } from '@duckmesh/proto'
import { CACHED_DRAWS, CACHED_EPOCHS } from './constants.ts'
import { drawSeats } from './draw-seats.ts'
import type { ElectionPort, SeatView } from './interface.ts'
import type { TurnId } from './turn-id.ts'
import { PromiseCache } from './promise-cache.ts'
import type { TurnClock } from './turn-clock.ts'

export interface SeatListsComponents {
  port: ElectionPort
  turnClock: TurnClock
}

export class SeatLists implements SeatView {
  readonly turnClock: TurnClock
  readonly #port: ElectionPort
  readonly #seeds = new PromiseCache<number, Hex>(CACHED_EPOCHS)
  readonly #weights = new PromiseCache<number, ReadonlyMap<Hex, bigint>>(CACHED_EPOCHS)
  readonly #draws = new PromiseCache<string, readonly Hex[]>(CACHED_DRAWS)

  constructor(components: SeatListsComponents) {
    this.turnClock = components.turnClock
    this.#port = components.port
  }

  async seats(shard: number, id: TurnId): Promise<Hex[]> {
    const { epoch, turn } = id
    const name = `${String(epoch)}:${String(turn)}:${String(shard)}`
    return [...(await this.#draws.get(name, () => this.#draw(shard, epoch, turn)))]
  }

  seed(epoch: number): Promise<Hex> {
    return this.#seeds.get(epoch, () => this.#port.seed(epoch))
  }

  async weight(owner: Hex, epoch: number): Promise<bigint> {
    return (await this.#weightsOf(epoch)).get(owner) ?? 0n
  }

  #weightsOf(epoch: number): Promise<ReadonlyMap<Hex, bigint>> {
    return this.#weights.get(epoch, () => this.#port.weights(epoch))
  }

  async #draw(shard: number, epoch: number, turn: number): Promise<readonly Hex[]> {
    const [seed, weights] = await Promise.all([this.seed(epoch), this.#weightsOf(epoch)])
    return drawSeats({ seed, shard, turn, weights })
  }
}
