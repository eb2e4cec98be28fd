import { EngineError, fromPlainError } from './errors.ts'
import { EventQueue } from './event-queue.ts'
import type { Generation, StepEnd, TokenBatch } from './interface.ts'
import type { GenerationEvent, WorkerCommand } from './messages.ts'

/** How a generation reaches its worker, and whom it tells. */
export interface GenerationLink {
  send(command: WorkerCommand): void
  /** Called once, when the slot is free again. */
  released(): void
  tokensDrawn(tokens: number): void
}

/** The main thread's end of a generation whose state lives in the worker. */
export class RemoteGeneration implements Generation {
  readonly #id: number
  readonly #link: GenerationLink
  readonly #events = new EventQueue<GenerationEvent>()
  #tokensIn = 0
  #finishReason: StepEnd['finishReason'] = null
  #stepping = false
  #released = false

  constructor(id: number, link: GenerationLink) {
    this.#id = id
    this.#link = link
  }

  get tokensIn(): number {
    return this.#tokensIn
  }

  /** Takes an event from the worker. */
  deliver(event: GenerationEvent): void {
    if (event.type === 'failed') this.fail(fromPlainError(event.error))
    else this.#events.push(event)
  }

  /** Ends the generation with an error; a reader waiting in step() gets it. */
  fail(error: EngineError): void {
    this.#events.fail(error)
    this.#release()
  }

  /** Waits until the worker has admitted the request. Throws what the worker refused it with. */
  async opened(signal: AbortSignal): Promise<void> {
    const listening = this.#cancelOn(signal)
    try {
      const event = await this.#events.next()
      if (event.type === 'opened') this.#tokensIn = event.tokensIn
    } finally {
      listening.stop()
    }
  }

  async *step(maxTokens: number, signal: AbortSignal): AsyncGenerator<TokenBatch, StepEnd, void> {
    if (this.#finishReason !== null) return { finishReason: this.#finishReason }
    this.#assertCanStep(maxTokens)
    if (maxTokens === 0) return { finishReason: null }
    this.#stepping = true
    const listening = this.#cancelOn(signal)
    let ended = false
    try {
      if (!signal.aborted) this.#link.send({ type: 'step', generation: this.#id, maxTokens })
      for (;;) {
        const event = await this.#events.next()
        if (event.type === 'tokens') {
          this.#link.tokensDrawn(event.batch.ids.length)
          yield event.batch
        } else if (event.type === 'stepEnd') {
          ended = true
          return this.#endStep(event.end)
        }
      }
    } finally {
      this.#stepping = false
      listening.stop()
      // An abandoned step may have drawn tokens nobody saw, so it cannot be continued.
      if (!ended) this.close()
    }
  }

  close(): void {
    this.#events.fail(
      new EngineError('GENERATION_CLOSED', 'The generation is closed. Open another.'),
    )
    this.#release()
  }

  #assertCanStep(maxTokens: number): void {
    if (this.#events.error !== null) throw this.#events.error
    if (this.#stepping) {
      const message = 'A step of this generation is still running. Read it to its end first.'
      throw new EngineError('STEP_IN_PROGRESS', message)
    }
    if (Number.isSafeInteger(maxTokens) && maxTokens >= 0) return
    const message = 'maxTokens of a step must be a whole number from 0.'
    throw new EngineError('REQUEST_INVALID', message, { field: 'maxTokens' })
  }

  /** A finished generation gives its slot back by itself. */
  #endStep(end: StepEnd): StepEnd {
    this.#finishReason = end.finishReason
    if (end.finishReason !== null) this.#release()
    return end
  }

  /** Cancels at once, also while nobody is reading: the worker stops at its next token. */
  #cancelOn(signal: AbortSignal): { stop: () => void } {
    const cancel = (): void => {
      this.#events.clear()
      this.fail(new EngineError('CANCELLED', 'The generation was cancelled by its caller.'))
    }
    if (signal.aborted) cancel()
    signal.addEventListener('abort', cancel, { once: true })
    return {
      stop: () => {
        signal.removeEventListener('abort', cancel)
      },
    }
  }

  #release(): void {
    if (this.#released) return
    this.#released = true
    this.#link.send({ type: 'close', generation: this.#id })
    this.#link.released()
  }
}
