/**
 * Drops what finished jobs left behind when its time is over: results after 48 h, receipts, evidence and transcripts
 * after the fault window, matches and bids when they have expired, idempotency keys after a day.
 */
import { toDuckMeshError } from '@duckmesh/protocols'
import type { Clock, Logger } from '@duckmesh/protocols'
import { dispatchConstants } from '@duckmesh/protocols/dispatch'
import type { JobLog } from '@duckmesh/protocols/dispatch'
import { IDEMPOTENCY_MS } from '../gateway/index.ts'
import type { RecordStore } from '../storage/index.ts'

/** One round, ms. */
const INTERVAL_MS = 3_600_000
/** 7 d, the fault window of DESIGN §8: until then a receipt may be asked for as evidence, ms. */
const RECEIPT_TTL_MS = 604_800_000

export interface HousekeeperComponents {
  clock: Clock
  jobs: Pick<JobLog, 'forget'>
  records: Pick<RecordStore, 'forget'>
  logger: Logger
}

export class Housekeeper {
  readonly #components: HousekeeperComponents
  #stopped = false
  #cancelTimer: () => void = () => undefined

  constructor(components: HousekeeperComponents) {
    this.#components = components
  }

  /** Tidies now, for a node that never runs for long, and every hour. Call it once. */
  start(): this {
    void this.#round()
    return this
  }

  stop(): void {
    this.#stopped = true
    this.#cancelTimer()
  }

  async #round(): Promise<void> {
    const { clock, jobs, logger, records } = this.#components
    try {
      const now = clock.now()
      await jobs.forget('completionIds', now - dispatchConstants.RESULT_TTL_MS)
      await jobs.forget('receipts', now - RECEIPT_TTL_MS)
      for (const kind of ['match', 'bid'] as const) await records.forget(kind, now)
      await records.forget('evidence', now - RECEIPT_TTL_MS)
      await records.forget('transcript', now - RECEIPT_TTL_MS)
      await records.forget('idempotency', now - IDEMPOTENCY_MS)
    } catch (error) {
      logger.warn('store.not_tidied', { code: toDuckMeshError(error).code })
    }
    if (this.#stopped) return
    this.#cancelTimer = clock.after(INTERVAL_MS, () => {
      void this.#round()
    })
  }
}
