/** What a job tells: its events in order, and the states of the job as a whole, which only go forward. */
import type { Clock } from '../../components.ts'
import { isTerminal } from '../lifecycle.ts'
import type { JobState } from '../interface.ts'
import type { StateAt } from '../store.ts'
import { AsyncQueue } from './async-queue.ts'
import type { JobEvent, JobEventBody } from './interface.ts'

/** Order of the states that a job passes; a failover does not take it back. */
const PATH: readonly JobState[] = ['posted', 'awarded', 'accepted', 'running', 'completed']

/** Segment and provider that an event is about. */
export type EventSource = Pick<JobEvent, 'segment' | 'provider'>

export class JobJournal implements AsyncIterable<JobEvent> {
  readonly #clock: Clock
  readonly #events = new AsyncQueue<JobEvent>()
  readonly #states: StateAt[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get state(): JobState {
    return this.#states.at(-1)?.state ?? 'posted'
  }

  get states(): readonly StateAt[] {
    return this.#states
  }

  [Symbol.asyncIterator](): AsyncIterator<JobEvent, void> {
    return this.#events[Symbol.asyncIterator]()
  }

  tell(source: EventSource, body: JobEventBody): void {
    const { segment, provider } = source
    this.#events.push({ ...body, segment, provider })
  }

  /** A segment entered a state: so did the job, if the state lies ahead. Its end is not yet the job's. */
  follow(source: EventSource, state: JobState): void {
    if (!isTerminal(state) && PATH.indexOf(state) > PATH.indexOf(this.state)) {
      this.enter(source, state)
    }
  }

  enter(source: EventSource, state: JobState): void {
    const atMs = this.#clock.now()
    this.#states.push({ state, atMs })
    this.tell(source, { type: 'job', state, atMs })
  }

  end(): void {
    this.#events.end()
  }
}
