/** What a worker has to tell, in groups. */
import { toPlainError } from '../errors.ts'
import type { StepEnd } from '../interface.ts'
import type { GenerationEvent } from '../messages.ts'
import type { DrawnTokens, GenerationSink } from './interface.ts'

/** Tokens may wait this long for company: a message costs about as much as a small model's token. */
export const FLUSH_INTERVAL_MS = 5

/**
 * Collects events and sends them in groups. A generation's first tokens of a step, the end of a step
 * and failures leave at the end of their tick; further tokens join into one batch per generation.
 */
export class Outbox implements GenerationSink {
  readonly #send: (events: GenerationEvent[]) => void
  readonly #now: () => number
  readonly #streaming = new Set<number>()
  #drawn = new Map<number, DrawnTokens>()
  #others: GenerationEvent[] = []
  #urgent = false
  #lastFlush = -Infinity

  /** @param now monotonic clock in milliseconds */
  constructor(send: (events: GenerationEvent[]) => void, now: () => number) {
    this.#send = send
    this.#now = now
  }

  tokens(generation: number, drawn: DrawnTokens): void {
    if (!this.#streaming.has(generation)) {
      this.#urgent = true
      this.#streaming.add(generation)
    }
    this.#drawn.set(generation, drawn)
  }

  stepEnd(generation: number, end: StepEnd): void {
    this.#add({ type: 'stepEnd', generation, end })
  }

  failed(generation: number, error: unknown): void {
    this.#add({ type: 'failed', generation, error: toPlainError(error) })
  }

  opened(generation: number, tokensIn: number): void {
    this.#add({ type: 'opened', generation, tokensIn })
  }

  encoded(generation: number, outputs: readonly Float32Array[]): void {
    this.#add({ type: 'encoded', generation, outputs })
  }

  /** Sends what waits when it is urgent or has waited long enough. */
  endTick(): void {
    const now = this.#now()
    if (!this.#urgent && now - this.#lastFlush < FLUSH_INTERVAL_MS) return
    this.#lastFlush = now
    const batches = [...this.#drawn].map(([generation, drawn]) => tokensEvent(generation, drawn))
    const events = [...batches, ...this.#others]
    this.#drawn.clear()
    this.#others = []
    this.#urgent = false
    if (events.length > 0) this.#send(events)
  }

  /** Everything but tokens ends what its generation was streaming, and is urgent. */
  #add(event: GenerationEvent): void {
    this.#streaming.delete(event.generation)
    this.#others.push(event)
    this.#urgent = true
  }
}

/** The text is made here, once for all tokens of a message. */
function tokensEvent(generation: number, drawn: DrawnTokens): GenerationEvent {
  try {
    return { type: 'tokens', generation, batch: drawn.takeDrawn() }
  } catch (error) {
    return { type: 'failed', generation, error: toPlainError(error) }
  }
}
