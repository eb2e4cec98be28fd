import type { Clock } from '../components.ts'

/**
 * Sequence numbers of this peer's envelopes (M-16): they start at the clock's milliseconds, so that a restart
 * never uses one again (nobody sends 1 000 messages a second), and then grow by one, so that the replay
 * window of 1 024 holds the last 1 024 messages whatever time lies between them.
 */
export class SequenceCounter {
  #last: number

  constructor(clock: Clock, storedLast = 0) {
    this.#last = Math.max(clock.now(), storedLast)
  }

  get last(): number {
    return this.#last
  }

  next(): number {
    return ++this.#last
  }
}
