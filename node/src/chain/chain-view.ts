import type { ReadClient } from '@duckmesh/contracts'
import { DuckMeshError } from '@duckmesh/protocols'
import type { Clock, Logger } from '@duckmesh/protocols'
import { getBlock } from 'viem/actions'
import { FRESH_MS, LOOK_EVERY_MS, STALE_MS } from './constants.ts'
import { toChainError } from './chain-error.ts'

/** How far the chain can be relied on (DESIGN §6). */
export type ViewState = 'FRESH' | 'STALE' | 'BLIND'

/** The newest block that all RPCs agreed on. */
export interface Head {
  number: bigint
  /** Chain time, unix seconds. */
  timestamp: bigint
  /** When they agreed, milliseconds since 1970. */
  seenAtMs: number
}

export interface ChainViewComponents {
  clock: Clock
  logger: Logger
  /** All configured RPCs; FRESH needs the agreement of every one (SCHEMAS "Election"). */
  clients: readonly [ReadClient, ...ReadClient[]]
}

/**
 * Watches the head of the chain. FRESH counts from the last agreement and not from the age of the head, since a
 * quiet chain stands still.
 */
export class ChainView {
  readonly #components: ChainViewComponents
  #head: Head | undefined
  #looking: Promise<Head> | undefined
  #cancelTimer: (() => void) | undefined
  #stopped = false

  constructor(components: ChainViewComponents) {
    this.#components = components
  }

  get state(): ViewState {
    if (this.#head === undefined) return 'BLIND'
    const age = this.#components.clock.now() - this.#head.seenAtMs
    if (age <= FRESH_MS) return 'FRESH'
    return age <= STALE_MS ? 'STALE' : 'BLIND'
  }

  /** Undefined before the first agreement. */
  get head(): Head | undefined {
    return this.#head
  }

  /** Looks at once and then every LOOK_EVERY_MS. Rejects when the first look fails; looking goes on. */
  async start(): Promise<void> {
    try {
      await this.refresh()
    } finally {
      this.#schedule()
    }
  }

  stop(): void {
    this.#stopped = true
    this.#cancelTimer?.()
  }

  /** Asks every RPC now. Rejects with CHAIN_UNREACHABLE when one does not answer or they disagree. */
  refresh(): Promise<Head> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  /** Resolves when the view is FRESH, after asking again if need be; rejects with CHAIN_UNREACHABLE. */
  async requireFresh(): Promise<void> {
    if (this.state !== 'FRESH') await this.refresh()
  }

  async #look(): Promise<Head> {
    const { clients, clock } = this.#components
    try {
      const heads = await Promise.all(clients.map((client) => getBlock(client)))
      const lowest = heads.reduce((a, b) => (b.number < a.number ? b : a))
      const { number: blockNumber, timestamp, hash } = lowest
      const others = await Promise.all(
        clients
          .filter((_, index) => heads[index]?.hash !== hash)
          .map((client) => getBlock(client, { blockNumber })),
      )
      if (others.some((block) => block.hash !== hash)) throw disagreement(blockNumber)
      this.#head = { number: blockNumber, timestamp, seenAtMs: clock.now() }
      return this.#head
    } catch (error) {
      throw toChainError(error)
    }
  }

  #schedule(): void {
    if (this.#stopped) return
    const { clock, logger } = this.#components
    this.#cancelTimer = clock.after(LOOK_EVERY_MS, () => {
      const before = this.state
      this.refresh()
        .catch((error: unknown) => {
          const { code } = toChainError(error)
          if (before !== this.state) logger.warn('chain.view', { state: this.state, code })
          else logger.debug('chain.look_failed', { state: this.state, code })
        })
        .finally(() => {
          this.#schedule()
        })
    })
  }
}

function disagreement(blockNumber: bigint): DuckMeshError {
  const what = `The RPC endpoints show different blocks ${blockNumber.toString()}.`
  return new DuckMeshError('CHAIN_UNREACHABLE', what, { details: { blockNumber } })
}
