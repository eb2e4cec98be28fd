/** What a worker has to tell, in groups. */
import { toPlainError } from '../errors.ts'
import type { StepEnd, TokenBatch } from '../interface.ts'
import type { GenerationEvent } from '../messages.ts'
import type { GenerationSink } from './interface.ts'

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
  #tokens = new Map<number, TokenBatch>()
  #others: GenerationEvent[] = []
  #urgent = false
  #lastFlush = -Infinity

  /** @param now monotonic clock in milliseconds */
  constructor(send: (events: GenerationEvent[]) => void, now: () => number) {
    this.#send = send
    this.#now = now
  }

  tokens(generation: number, batch: TokenBatch): void {
    if (!this.#streaming.has(generation)) this.#urgent = true
    this.#streaming.add(generation)
    const waiting = this.#tokens.get(generation)
    this.#tokens.set(generation, {
      ids: [...(waiting?.ids ?? []), ...batch.ids],
      text: (waiting?.text ?? '') + batch.text,
    })
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

  encoded(generation: number, outputs: readonly Float32Array[], tokens: number): void {
    this.#add({ type: 'encoded', generation, outputs, tokens })
  }

  /** Sends what waits when it is urgent or has waited long enough. */
  endTick(): void {
    const now = this.#now()
    if (!this.#urgent && now - this.#lastFlush < FLUSH_INTERVAL_MS) return
    this.#lastFlush = now
    const batches = [...this.#tokens].map(([generation, batch]): GenerationEvent => ({
      type: 'tokens',
      generation,
      batch,
    }))
    const events = [...batches, ...this.#others]
    this.#tokens = new Map()
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
