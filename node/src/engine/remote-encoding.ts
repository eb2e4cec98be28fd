/** The main thread's end of an embedding or classification request. */
import { EngineError, fromPlainError } from './errors.ts'
import type { Encoded } from './interface.ts'
import type { GenerationEvent, WorkerCommand } from './messages.ts'

/** How a request reaches its worker, and whom it tells. */
export interface EncodingLink {
  send(command: WorkerCommand): void
  /** Called once, when the place is free again. */
  released(): void
}

/** Waits for one answer; a worker that dies, or an abort, rejects it. */
export class RemoteEncoding {
  readonly #id: number
  readonly #link: EncodingLink
  readonly #answer = Promise.withResolvers<Encoded>()
  #released = false

  constructor(id: number, link: EncodingLink) {
    this.#id = id
    this.#link = link
    // Whoever waits gets the rejection; without anybody it is no fault of the process.
    this.#answer.promise.catch(() => undefined)
  }

  deliver(event: GenerationEvent): void {
    if (event.type === 'failed') this.fail(fromPlainError(event.error))
    if (event.type !== 'encoded') return
    this.#answer.resolve({ outputs: event.outputs, tokens: event.tokens })
    this.#release()
  }

  fail(error: EngineError): void {
    this.#answer.reject(error)
    this.#release()
  }

  /** Sends the texts and waits. Throws CANCELLED and what the worker refused them with. */
  async encode(texts: readonly string[], signal: AbortSignal): Promise<Encoded> {
    const cancel = (): void => {
      this.fail(new EngineError('CANCELLED', 'The request was cancelled by its caller.'))
    }
    signal.addEventListener('abort', cancel, { once: true })
    try {
      if (signal.aborted) cancel()
      else this.#link.send({ type: 'encode', generation: this.#id, texts })
      return await this.#answer.promise
    } finally {
      signal.removeEventListener('abort', cancel)
    }
  }

  #release(): void {
    if (this.#released) return
    this.#released = true
    this.#link.send({ type: 'close', generation: this.#id })
    this.#link.released()
  }
}
