/** Holds one machine's state and performs its effects one after the other. */

export interface StepResult<S, F> {
  state: S
  effects: F[]
}

/** What a driver needs of a cell, whichever machine is in it. */
export interface Cell<S, E> {
  readonly state: S
  send(event: E): Promise<void>
  queue(work: () => Promise<void>): Promise<void>
}

/**
 * `send` applies an event at once and queues its effects; the promise it returns settles when they are
 * done. Effects may send further events but must not wait for them, or the queue waits for itself.
 */
export class MachineCell<S, E, F> implements Cell<S, E> {
  state: S
  readonly #step: (state: S, event: E, nowMs: number) => StepResult<S, F>
  readonly #perform: (effect: F) => Promise<void>
  readonly #now: () => number
  #tail: Promise<void> = Promise.resolve()

  /** `perform` must not reject. */
  constructor(
    initial: S,
    step: (state: S, event: E, nowMs: number) => StepResult<S, F>,
    perform: (effect: F) => Promise<void>,
    now: () => number,
  ) {
    this.state = initial
    this.#step = step
    this.#perform = perform
    this.#now = now
  }

  send(event: E): Promise<void> {
    const { state, effects } = this.#step(this.state, event, this.#now())
    this.state = state
    return this.queue(async () => {
      for (const effect of effects) await this.#perform(effect)
    })
  }

  /** Does `work` in line with the effects: after those of earlier events, before those of later ones. */
  queue(work: () => Promise<void>): Promise<void> {
    this.#tail = this.#tail.then(work)
    return this.#tail
  }
}
