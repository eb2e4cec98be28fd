import { AssertionError } from 'chai'
import type { Clock } from '@duckmesh/protocols'

/** Longer than any test of these may take, ms: a poll that outlived its test would keep the process for ever. */
const POLL_MS = 60_000

interface Timer {
  at: number
  fn: () => void
}

/** Lets everything that is ready run: promise reactions, then one turn of the event loop. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Turns the event loop until `holds`; fails when it never does. */
export async function until(holds: () => boolean): Promise<void> {
  const end = Date.now() + POLL_MS
  while (!holds()) {
    if (Date.now() >= end) throw new AssertionError(`In ${POLL_MS} ms never: ${holds.toString()}`)
    await settle()
  }
}

/** A clock that stands still until a test moves it; timers fire in order of time. */
export class FakeClock implements Clock {
  #now: number
  readonly #timers = new Set<Timer>()

  constructor(now = 1_800_000_000_000) {
    this.#now = now
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.size
  }

  now(): number {
    return this.#now
  }

  after(ms: number, fn: () => void): () => void {
    const timer = { at: this.#now + ms, fn }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Moves the time by `ms`, running due timers on the way and letting their reactions finish. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    await settle()
    for (let timer = this.#next(end); timer !== undefined; timer = this.#next(end)) {
      this.#timers.delete(timer)
      this.#now = timer.at
      timer.fn()
      await settle()
    }
    this.#now = end
    await settle()
  }

  #next(end: number): Timer | undefined {
    const due = [...this.#timers].filter((timer) => timer.at <= end)
    return due.sort((a, b) => a.at - b.at)[0]
  }
}
