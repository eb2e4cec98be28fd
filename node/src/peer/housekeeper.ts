/** Drops what finished jobs left behind when its time is over: results after 48 h, receipts after 7 d. */
import type { Clock, Logger } from '@duckmesh/protocols'
import { dispatchConstants } from '@duckmesh/protocols/dispatch'
import type { JobLog } from '@duckmesh/protocols/dispatch'

/** One round, ms. */
const INTERVAL_MS = 3_600_000
/** 7 d, the fault window of DESIGN §8: until then a receipt may be asked for as evidence, ms. */
const RECEIPT_TTL_MS = 604_800_000

export interface HousekeeperComponents {
  clock: Clock
  jobs: JobLog
  logger: Logger
}

export class Housekeeper {
  readonly #components: HousekeeperComponents
  #cancelTimer: () => void = () => undefined

  constructor(components: HousekeeperComponents) {
    this.#components = components
  }

  start(): this {
    this.#cancelTimer = this.#components.clock.after(INTERVAL_MS, () => {
      this.start()
      void this.#round()
    })
    return this
  }

  stop(): void {
    this.#cancelTimer()
  }

  async #round(): Promise<void> {
    const { clock, jobs, logger } = this.#components
    try {
      const now = clock.now()
      await jobs.forget('completionIds', now - dispatchConstants.RESULT_TTL_MS)
      await jobs.forget('receipts', now - RECEIPT_TTL_MS)
    } catch (error) {
      logger.warn('store.not_tidied', { error: String(error) })
    }
  }
}
