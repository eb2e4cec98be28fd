/** Notices a worker that no longer answers. */

/** How often a busy worker is asked whether it is there, ms. */
export const PING_INTERVAL_MS = 15_000

/** Questions in a row that may stay unanswered: a slow model's longest run must fit in, so about a minute. */
export const MAX_MISSED_PINGS = 4

/** Longest time to hash, open and test a model, ms. */
export const LOAD_LIMIT_MS = 5 * 60_000

export interface WatchdogInit {
  /** Runs a task later; gives a function that takes it back. */
  readonly schedule: (task: () => void, delayMs: number) => () => void
  /** Whether anybody waits for the worker. */
  readonly busy: () => boolean
  readonly ping: () => void
  /** Called once, when the worker is to be given up. */
  readonly stalled: (reason: string) => void
}

/** Watches one worker from its start to its end. */
export class Watchdog {
  readonly #init: WatchdogInit
  #cancel: () => void
  #missed = 0

  constructor(init: WatchdogInit) {
    this.#init = init
    this.#cancel = init.schedule(() => {
      init.stalled('it did not load in time')
    }, LOAD_LIMIT_MS)
  }

  /** The model is loaded; from now on the worker is asked while it is busy. */
  loaded(): void {
    this.#cancel()
    this.#next()
  }

  /** The worker said something. */
  heard(): void {
    this.#missed = 0
  }

  stop(): void {
    this.#cancel()
  }

  #next(): void {
    this.#cancel = this.#init.schedule(() => {
      this.#ask()
    }, PING_INTERVAL_MS)
  }

  #ask(): void {
    if (this.#missed >= MAX_MISSED_PINGS) {
      this.#init.stalled('it no longer answers')
      return
    }
    if (this.#init.busy()) {
      this.#missed++
      this.#init.ping()
    } else this.#missed = 0
    this.#next()
  }
}
