/** Beats for the seats that this node holds: once a second, in every shard that somebody offers a model of (E-13). */
import { toDuckMeshError } from '@duckmesh/protocols'
import type { Clock, Hex, Logger } from '@duckmesh/protocols'
import type { SeatWatch, TurnId } from '@duckmesh/protocols/election'
import type { GossipDriver } from '@duckmesh/protocols/mesh'

/** One beat, ms; seats silent for two of them are passed over. */
const INTERVAL_MS = 1_000

export interface HeartbeatLoopComponents {
  clock: Clock
  gossip: Pick<GossipDriver, 'publishHeartbeat'>
  logger: Logger
  watch: Pick<SeatWatch, 'heard' | 'shouldBeat'>
  /** Owner address of this node. */
  provider: Hex
  /** Shards that need a seat now. */
  shards: () => readonly number[]
  /** Matches signed in a turn, for the beat. */
  matchesOf: (shard: number, id: TurnId) => { matches: number; matchesHash: Hex }
  /** This node is about to match in the shard. */
  onFront: (shard: number) => void
}

export class HeartbeatLoop {
  readonly #components: HeartbeatLoopComponents
  #running = false
  #cancelTimer: () => void = () => undefined

  constructor(components: HeartbeatLoopComponents) {
    this.#components = components
  }

  start(): void {
    this.#running = true
    this.#round()
  }

  stop(): void {
    this.#running = false
    this.#cancelTimer()
  }

  /** By the clock and not after the last round: a slow chain read must not make this node look dead. */
  #round(): void {
    if (!this.#running) return
    this.#cancelTimer = this.#components.clock.after(INTERVAL_MS, () => {
      this.#round()
    })
    for (const shard of this.#components.shards()) {
      this.#beat(shard).catch((error: unknown) => {
        const { code } = toDuckMeshError(error)
        this.#components.logger.debug('seat.no_heartbeat', { shard, code })
      })
    }
  }

  async #beat(shard: number): Promise<void> {
    const { gossip, matchesOf, onFront, provider, watch } = this.#components
    const turns = await watch.shouldBeat(shard, provider)
    if (turns.length > 0 && this.#running) onFront(shard)
    for (const id of turns) {
      // Stopped while the chain was asked or a beat was sent.
      if (!this.#running) return
      const heartbeat = { ...id, seat: provider, ...matchesOf(shard, id) }
      // Gossip does not bring a node its own messages.
      watch.heard(shard, heartbeat)
      await gossip.publishHeartbeat(shard, heartbeat)
    }
  }
}
