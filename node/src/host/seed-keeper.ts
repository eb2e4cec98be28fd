import { DuckMeshError } from '@duckmesh/protocols'
import type { Clock, Logger, Rng } from '@duckmesh/protocols'
import type { Libp2p, PeerId } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { FIRST_BACKOFF_MS, JOIN_ROUNDS, MAX_BACKOFF_MS } from './constants.ts'

export interface SeedKeeperComponents {
  host: Libp2p
  clock: Clock
  rng: Rng
  logger: Logger
}

export interface SeedKeeperInit {
  /** Multiaddrs. */
  seeds: readonly string[]
  /** Rounds without an answer before `join` gives up. */
  rounds?: number
}

interface Joining {
  resolve: () => void
  reject: (error: DuckMeshError) => void
}

/**
 * Keeps the host connected to its seeds: dials all of them at once, those that did not answer again after a
 * growing pause, and each one again when its connection is lost.
 */
export class SeedKeeper {
  readonly #components: SeedKeeperComponents
  readonly #rounds: number
  /** By seed: why the last dial failed, or undefined. */
  readonly #failures = new Map<string, string | undefined>()
  /** By seed: the peer that answered there. */
  readonly #peers = new Map<string, PeerId>()
  readonly #stopped = new AbortController()
  #joining: Joining | undefined
  #failedRounds = 0
  #dialling = false
  #cancelTimer: (() => void) | undefined

  constructor(components: SeedKeeperComponents, init: SeedKeeperInit) {
    this.#components = components
    this.#rounds = init.rounds ?? JOIN_ROUNDS
    const self = components.host.peerId.toString()
    for (const seed of init.seeds) {
      if (!seed.endsWith(`/p2p/${self}`)) this.#failures.set(seed, undefined)
    }
  }

  /**
   * Resolves when the first seed answered, or when none did and a peer of an earlier run is connected; at once when
   * there is no seed. Rejects with NO_PEERS and what was tried when nobody answered in the given number of rounds;
   * dialling goes on until `stop`. Call it once.
   */
  join(): Promise<void> {
    if (this.#failures.size === 0) return Promise.resolve()
    this.#components.host.addEventListener('peer:disconnect', this.#onDisconnect)
    return new Promise((resolve, reject) => {
      this.#joining = { resolve, reject }
      void this.#round()
    })
  }

  /** Ends dialling; a `join` that still waits rejects with SHUTTING_DOWN. */
  stop(): void {
    this.#stopped.abort()
    this.#cancelTimer?.()
    this.#components.host.removeEventListener('peer:disconnect', this.#onDisconnect)
    this.#joining?.reject(
      new DuckMeshError('SHUTTING_DOWN', 'The host stopped before a seed answered.'),
    )
    this.#joining = undefined
  }

  readonly #onDisconnect = (): void => {
    // Another round may be waiting already: its pause is as good.
    if (this.#unconnected().length > 0 && this.#cancelTimer === undefined) this.#schedule()
  }

  async #round(): Promise<void> {
    if (this.#dialling || this.#isStopped()) return
    this.#dialling = true
    const answered = await Promise.all(this.#unconnected().map((seed) => this.#dial(seed)))
    this.#dialling = false
    if (this.#isStopped()) return
    this.#failedRounds = answered.includes(true) ? 0 : this.#failedRounds + 1
    if (this.#failedRounds > 0 && this.#components.host.getPeers().length > 0) this.#joined()
    if (this.#failedRounds >= this.#rounds) this.#giveUp()
    if (this.#unconnected().length > 0) this.#schedule()
  }

  #isStopped(): boolean {
    return this.#stopped.signal.aborted
  }

  /** True when the seed answered. */
  async #dial(seed: string): Promise<boolean> {
    const { host, logger } = this.#components
    try {
      const connection = await host.dial(multiaddr(seed), { signal: this.#stopped.signal })
      this.#peers.set(seed, connection.remotePeer)
      this.#failures.set(seed, undefined)
      logger.info('seed.connected', { seed })
      this.#joined()
      return true
    } catch (error) {
      const reason = reasonOf(error)
      this.#failures.set(seed, reason)
      logger.debug('seed.failed', { seed, reason })
      return false
    }
  }

  #joined(): void {
    this.#joining?.resolve()
    this.#joining = undefined
  }

  #unconnected(): string[] {
    const { host } = this.#components
    return [...this.#failures.keys()].filter((seed) => {
      const peer = this.#peers.get(seed)
      return peer === undefined || host.getConnections(peer).length === 0
    })
  }

  /** Twice the pause each time, with up to a quarter more, so that a seed that restarts is not stormed. */
  #schedule(): void {
    const { clock, rng } = this.#components
    const pause = Math.min(
      FIRST_BACKOFF_MS * 2 ** Math.max(0, this.#failedRounds - 1),
      MAX_BACKOFF_MS,
    )
    const jitter = (pause / 4) * ((rng.bytes(1)[0] ?? 0) / 256)
    this.#cancelTimer?.()
    this.#cancelTimer = clock.after(pause + jitter, () => {
      this.#cancelTimer = undefined
      void this.#round()
    })
  }

  #giveUp(): void {
    if (this.#joining === undefined) return
    const tried = [...this.#failures].map(
      ([seed, reason]) => `${seed}: ${reason ?? 'not connected'}`,
    )
    const error = new DuckMeshError('NO_PEERS', `No seed answered:\n  ${tried.join('\n  ')}\n`, {
      details: { tried },
    })
    this.#components.logger.warn('seed.none', { tried })
    this.#joining.reject(error)
    this.#joining = undefined
  }
}

/** The innermost message: the dial queue wraps what the socket said. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0])
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : reasonOf(error.cause)
}
