/** The seats as a light client knows them: names come from peers, weights and seeds from the chain (rule E-12). */
import type { Hex } from '@duckmesh/protocols'
import { PromiseCache, drawSeats } from '@duckmesh/protocols/election'
import type { SeatView, TurnClock, TurnId, WeightPort } from '@duckmesh/protocols/election'

/** Epochs whose seed is kept. */
const CACHED_EPOCHS = 4
/** Weights kept, of owners in an epoch; lies of peers bring some that are zero. */
const CACHED_WEIGHTS = 1_024
/** Turns of shards whose seats are kept, about 1 KiB each. */
const MAX_TURNS = 128

export class LightSeatView implements SeatView {
  readonly turnClock: TurnClock
  readonly #chain: WeightPort
  readonly #seeds = new PromiseCache<number, Hex>(CACHED_EPOCHS)
  readonly #weights = new PromiseCache<string, bigint>(CACHED_WEIGHTS)
  /** Best owners learnt so far, oldest turn first. */
  readonly #seats = new Map<string, readonly Hex[]>()

  constructor(components: { chain: WeightPort; turnClock: TurnClock }) {
    this.#chain = components.chain
    this.turnClock = components.turnClock
  }

  /** Seats learnt by now, by rank; empty for a turn that no peer told of. */
  seats(shard: number, id: TurnId): Promise<Hex[]> {
    return Promise.resolve([...(this.#seats.get(nameOf(shard, id)) ?? [])])
  }

  seed(epoch: number): Promise<Hex> {
    return this.#seeds.get(epoch, () => this.#chain.seed(epoch))
  }

  weight(owner: Hex, epoch: number): Promise<bigint> {
    const load = (): Promise<bigint> => this.#chain.weight(owner, epoch)
    return this.#weights.get(`${String(epoch)} ${owner}`, load)
  }

  /**
   * Takes owners that peers call seats of a turn: computes the score of each and keeps the seven best of all that
   * were ever told, so one peer that does not lie is enough. Rejects with CHAIN_UNREACHABLE.
   */
  async learn(shard: number, id: TurnId, owners: Iterable<Hex>): Promise<readonly Hex[]> {
    const { epoch, turn } = id
    const name = nameOf(shard, id)
    const told = [...new Set([...(this.#seats.get(name) ?? []), ...owners])]
    const [seed, ...weights] = await Promise.all([
      this.seed(epoch),
      ...told.map(async (owner) => [owner, await this.weight(owner, epoch)] as const),
    ])
    const drawn = drawSeats({ seed, shard, turn, weights: new Map(weights) })
    this.#seats.delete(name)
    this.#seats.set(name, drawn)
    const [oldest] = this.#seats.keys()
    if (this.#seats.size > MAX_TURNS && oldest !== undefined) this.#seats.delete(oldest)
    return drawn
  }
}

function nameOf(shard: number, { epoch, turn }: TurnId): string {
  return `${String(epoch)}:${String(turn)}:${String(shard)}`
}
