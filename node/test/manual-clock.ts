import type { Clock } from '@duckmesh/protocols'

/** A clock that stands still until it is moved; timers fire in the order of their times. */
export class ManualClock implements Clock {
  #now: number
  #timers: { at: number; fn: () => void }[] = []
  #onTimer: (() => void)[] = []

  constructor(now: number = 0) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  after(ms: number, fn: () => void): () => void {
    const timer = { at: this.#now + ms, fn }
    this.#timers.push(timer)
    for (const tell of this.#onTimer.splice(0)) tell()
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  /** Times of the pending timers. */
  get pending(): number[] {
    return this.#timers.map((timer) => timer.at).sort((a, b) => a - b)
  }

  /** Resolves when a timer is pending. */
  timerSet(): Promise<void> {
    if (this.#timers.length > 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#onTimer.push(resolve)
    })
  }

  advance(ms: number): void {
    const end = this.#now + ms
    for (;;) {
      const next = this.#timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      this.#timers = this.#timers.filter((timer) => timer !== next)
      this.#now = next.at
      next.fn()
    }
    this.#now = end
  }
}
