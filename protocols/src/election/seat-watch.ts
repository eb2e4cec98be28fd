/** Which seats are alive, by their heartbeats (rules E-13 and E-14). */
import type { Heartbeat, Hex } from '@duckmesh/proto'
import type { Clock } from '../components.ts'
import { EARLY_BEAT_MS, FRONT_SEATS, MAX_HEARD_OWNERS, SILENT_AFTER_MS } from './constants.ts'
import type { SeatView } from './interface.ts'
import type { TurnId } from './turn-id.ts'

export interface SeatWatchComponents {
  clock: Pick<Clock, 'now'>
  view: SeatView
}

export class SeatWatch {
  readonly #clock: Pick<Clock, 'now'>
  readonly #view: SeatView
  /** Nobody can be called silent before this watch has listened for a while. */
  readonly #since: number
  /** By shard, when each owner was last heard, ms; the most recent one last. */
  readonly #heard = new Map<number, Map<Hex, number>>()

  constructor(components: SeatWatchComponents) {
    this.#clock = components.clock
    this.#view = components.view
    this.#since = components.clock.now()
  }

  /** Books a heartbeat that the caller has checked: signed by the seat's peer, for a turn of this time (E-11). */
  heard(shard: number, heartbeat: Heartbeat): void {
    const owners = this.#heard.get(shard) ?? new Map<Hex, number>()
    this.#heard.set(shard, owners)
    owners.delete(heartbeat.seat)
    owners.set(heartbeat.seat, this.#clock.now())
    const [oldest] = owners.keys()
    if (owners.size > MAX_HEARD_OWNERS && oldest !== undefined) owners.delete(oldest)
  }

  /** Time since the owner's last heartbeat in this shard, ms; undefined when none was heard. */
  silentMs(shard: number, owner: Hex): number | undefined {
    const at = this.#heard.get(shard)?.get(owner)
    return at === undefined ? undefined : Math.max(0, this.#clock.now() - at)
  }

  /**
   * All seats of a turn, this one when left out: those alive by rank, then the silent ones by rank.
   * Rejects as `SeatView.seats`.
   */
  async front(shard: number, id: TurnId = this.#view.turnClock.now()): Promise<Hex[]> {
    const seats = await this.#view.seats(shard, id)
    const silent = seats.filter((owner) => !this.#isAlive(shard, owner, id))
    return [...seats.filter((owner) => !silent.includes(owner)), ...silent]
  }

  /**
   * The turns for which `self` should send a heartbeat now: this one, and the next shortly before it begins,
   * when `self` is one of the two best living seats. Whether the shard has an offer is the caller's to know.
   * Rejects as `SeatView.seats`.
   */
  async shouldBeat(shard: number, self: Hex): Promise<TurnId[]> {
    const { turnClock } = this.#view
    const current = turnClock.now()
    const next = turnClock.next(current)
    const isSoon = this.#clock.now() >= turnClock.startMs(next) - EARLY_BEAT_MS
    const turns: TurnId[] = []
    for (const id of isSoon ? [current, next] : [current]) {
      if (await this.#isInFront(shard, self, id)) turns.push(id)
    }
    return turns
  }

  async #isInFront(shard: number, self: Hex, id: TurnId): Promise<boolean> {
    const seats = await this.#view.seats(shard, id)
    const rank = seats.indexOf(self)
    if (rank < 0) return false
    const better = seats.slice(0, rank).filter((owner) => this.#isAlive(shard, owner, id))
    return better.length < FRONT_SEATS
  }

  #isAlive(shard: number, owner: Hex, id: TurnId): boolean {
    const grace = Math.max(this.#view.turnClock.startMs(id), this.#since) + SILENT_AFTER_MS
    if (this.#clock.now() < grace) return true
    const silent = this.silentMs(shard, owner)
    return silent !== undefined && silent <= SILENT_AFTER_MS
  }
}
