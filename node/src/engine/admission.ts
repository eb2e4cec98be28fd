/** Who may open a generation, and who waits for a place. */
import { EngineError } from './errors.ts'

/** Requests that may wait for a place; more are refused, so that waiting costs bounded memory. */
export const DEFAULT_MAX_QUEUED = 256

/** What a timer can count, ms; some 24 days. */
const LONGEST_WAIT_MS = 2 ** 31 - 1

/** What a request brings with it. */
export interface Ticket {
  /** '' stands for all who name nobody. */
  readonly client: string
  /** Longest wait for a place, ms; 0 refuses at once. */
  readonly waitMs: number
}

export interface AdmissionInit {
  readonly maxOpen: number
  readonly maxQueued: number
  /** Runs a task later; gives a function that takes it back. */
  readonly schedule: (task: () => void, delayMs: number) => () => void
}

interface Waiting {
  readonly client: string
  readonly admit: () => void
  readonly refuse: (error: EngineError) => void
}

/** A limited number of places. A free one goes to the client that holds the fewest, then to who came first. */
export class Admission {
  readonly #init: AdmissionInit
  readonly #held = new Map<string, number>()
  #queue: Waiting[] = []
  #open = 0

  constructor(init: AdmissionInit) {
    this.#init = init
  }

  get open(): number {
    return this.#open
  }

  get queued(): number {
    return this.#queue.length
  }

  /** Takes a place, waiting for it if need be. Throws ENGINE_BUSY, CANCELLED, ENGINE_STOPPED. */
  enter({ client, waitMs }: Ticket, signal: AbortSignal): Promise<void> {
    const { maxOpen, maxQueued } = this.#init
    if (signal.aborted) return Promise.reject(cancelled())
    if (this.#open < maxOpen) {
      this.#take(client)
      return Promise.resolve()
    }
    if (!(waitMs > 0) || this.#queue.length >= maxQueued) return Promise.reject(this.#busy())
    return this.#wait(client, waitMs, signal)
  }

  /** Gives a place back. */
  leave(client: string): void {
    this.#open--
    const held = (this.#held.get(client) ?? 1) - 1
    if (held === 0) this.#held.delete(client)
    else this.#held.set(client, held)
    const [first, ...others] = this.#queue
    if (first === undefined) return
    const holds = (waiting: Waiting): number => this.#held.get(waiting.client) ?? 0
    others.reduce((least, next) => (holds(next) < holds(least) ? next : least), first).admit()
  }

  /** Refuses all who wait. */
  stop(error: EngineError): void {
    for (const waiting of [...this.#queue]) waiting.refuse(error)
  }

  #wait(client: string, waitMs: number, signal: AbortSignal): Promise<void> {
    const place = Promise.withResolvers<undefined>()
    const settle = (action: () => void): void => {
      this.#queue = this.#queue.filter((queued) => queued !== waiting)
      cancelTimer()
      signal.removeEventListener('abort', abort)
      action()
    }
    const waiting: Waiting = {
      client,
      admit: () => {
        settle(() => {
          this.#take(client)
          place.resolve(undefined)
        })
      },
      refuse: (error) => {
        settle(() => {
          place.reject(error)
        })
      },
    }
    const abort = (): void => {
      waiting.refuse(cancelled())
    }
    const cancelTimer = this.#init.schedule(
      () => {
        waiting.refuse(this.#busy())
      },
      Math.min(waitMs, LONGEST_WAIT_MS),
    )
    signal.addEventListener('abort', abort, { once: true })
    this.#queue.push(waiting)
    return place.promise
  }

  #take(client: string): void {
    this.#open++
    this.#held.set(client, (this.#held.get(client) ?? 0) + 1)
  }

  #busy(): EngineError {
    const [open, limit] = [this.#open, this.#init.maxOpen]
    const message = `All ${limit} places of the engine are taken. Try again later or elsewhere.`
    return new EngineError('ENGINE_BUSY', message, { open, limit })
  }
}

function cancelled(): EngineError {
  return new EngineError('CANCELLED', 'The generation was cancelled by its caller.')
}
