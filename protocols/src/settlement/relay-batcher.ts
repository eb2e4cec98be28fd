/** Gathers the vouchers of several providers and has them redeemed in one transaction (rule S-20). */
import type { Hex } from '@duckmesh/proto'
import type { Clock, Logger } from '../components.ts'
import { DuckMeshError, toDuckMeshError } from '../errors.ts'
import { MAX_RELAY_BATCH, MAX_RELAY_GROUPS, MAX_RELAY_WAITING } from './constants.ts'
import type { RelayGroup, RelayPort, RelayedGroup } from './interface.ts'

export interface RelayBatcherComponents {
  clock: Clock
  logger: Logger
  port: Pick<RelayPort, 'redeemMany'>
}

interface Waiting {
  group: RelayGroup
  resolve: (done: RelayedGroup) => void
  reject: (error: DuckMeshError) => void
}

interface Batch {
  waiting: Waiting[]
  vouchers: number
  cancelTimer: () => void
}

export class RelayBatcher {
  readonly #components: RelayBatcherComponents
  readonly #gatherMs: number
  /** Providers whose group waits or is being sent: each has one at a time. */
  readonly #busy = new Set<Hex>()
  readonly #sending = new Set<Promise<void>>()
  #open: Batch | undefined
  #stopped = false

  /** `gatherMs` is the time from the first group of a batch to its transaction. */
  constructor(components: RelayBatcherComponents, init: { gatherMs: number }) {
    this.#components = components
    this.#gatherMs = init.gatherMs
  }

  /**
   * Resolves when the transaction with this group is in a block. Rejects with RATE_LIMITED while another group of the
   * provider is under way or too many wait, SHUTTING_DOWN, or CHAIN_* codes; then the group was not redeemed here.
   */
  add(group: RelayGroup): Promise<RelayedGroup> {
    if (this.#stopped) return refused('SHUTTING_DOWN', 'This relay is stopping.')
    if (this.#busy.has(group.provider) || this.#busy.size >= MAX_RELAY_WAITING)
      return refused('RATE_LIMITED', 'Vouchers of this provider, or of many others, are under way.')
    this.#busy.add(group.provider)
    return new Promise((resolve, reject) => {
      this.#put({ group, resolve, reject })
    })
  }

  /** Refuses what waits; resolves when what was sent has its answer. */
  async stop(): Promise<void> {
    this.#stopped = true
    const batch = this.#take()
    for (const { group, reject } of batch?.waiting ?? []) {
      this.#busy.delete(group.provider)
      reject(new DuckMeshError('SHUTTING_DOWN', 'This relay is stopping.'))
    }
    await Promise.all(this.#sending)
  }

  #put(waiting: Waiting): void {
    const { length } = waiting.group.vouchers
    if ((this.#open?.vouchers ?? 0) + length > MAX_RELAY_BATCH) this.#flush()
    const batch = (this.#open ??= this.#begin())
    batch.waiting.push(waiting)
    batch.vouchers += length
    if (batch.waiting.length === MAX_RELAY_GROUPS) this.#flush()
  }

  #begin(): Batch {
    const cancelTimer = this.#components.clock.after(this.#gatherMs, () => {
      this.#flush()
    })
    return { waiting: [], vouchers: 0, cancelTimer }
  }

  #take(): Batch | undefined {
    const batch = this.#open
    batch?.cancelTimer()
    this.#open = undefined
    return batch
  }

  #flush(): void {
    const batch = this.#take()
    if (batch === undefined) return
    const sent = this.#send(batch).finally(() => this.#sending.delete(sent))
    this.#sending.add(sent)
  }

  async #send({ waiting, vouchers }: Batch): Promise<void> {
    const { logger, port } = this.#components
    try {
      const done = await port.redeemMany(waiting.map(({ group }) => group))
      logger.info('relay.sent', { hash: done[0]?.hash, providers: waiting.length, vouchers })
      for (const [index, { reject, resolve }] of waiting.entries()) {
        const own = done[index]
        if (own === undefined) reject(new DuckMeshError('INTERNAL', 'A group has no answer.'))
        else resolve(own)
      }
    } catch (error) {
      const failure = toDuckMeshError(error)
      logger.warn('relay.not_sent', { code: failure.code, providers: waiting.length })
      for (const { reject } of waiting) reject(failure)
    } finally {
      for (const { group } of waiting) this.#busy.delete(group.provider)
    }
  }
}

function refused(code: 'RATE_LIMITED' | 'SHUTTING_DOWN', what: string): Promise<never> {
  return Promise.reject(new DuckMeshError(code, what))
}
