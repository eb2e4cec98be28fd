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
  #round: Promise<void> = Promise.resolve()
  #cancelTimer: () => void = () => undefined

  constructor(components: HousekeeperComponents) {
    this.#components = components
  }

  /** Tidies now, for a node that never runs for long, and every hour. Call it once. */
  start(): this {
    this.#round = this.#tidy()
    return this
  }

  /** Begins nothing more; resolves when what it began is done, so that the store may close. */
  stop(): Promise<void> {
    this.#stopped = true
    this.#cancelTimer()
    return this.#round
  }

  async #tidy(): Promise<void> {
    const { clock, logger } = this.#components
    try {
      for (const drop of this.#drops(clock.now())) {
        if (this.#stopped) return
        await drop()
      }
    } catch (error) {
      logger.warn('store.not_tidied', { code: toDuckMeshError(error).code })
    }
    if (this.#stopped) return
    this.#cancelTimer = clock.after(INTERVAL_MS, () => {
      this.#round = this.#tidy()
    })
  }

  /** One kind after the other. */
  #drops(now: number): (() => Promise<unknown>)[] {
    const { jobs, records } = this.#components
    return [
      () => jobs.forget('completionIds', now - dispatchConstants.RESULT_TTL_MS),
      () => jobs.forget('receipts', now - RECEIPT_TTL_MS),
      () => records.forget('match', now),
      () => records.forget('bid', now),
      () => records.forget('evidence', now - RECEIPT_TTL_MS),
      () => records.forget('transcript', now - RECEIPT_TTL_MS),
      () => records.forget('idempotency', now - IDEMPOTENCY_MS),
    ]
  }
}
