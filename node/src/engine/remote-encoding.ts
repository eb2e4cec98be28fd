/** The main thread's end of an embedding or classification request. */
import { EngineError, fromPlainError } from './errors.ts'
import type { Encoding } from './interface.ts'
import type { GenerationEvent, WorkerCommand } from './messages.ts'

/** How a request reaches its worker, and whom it tells. */
export interface EncodingLink {
  send(command: WorkerCommand): void
  /** Called once, when the place is free again. */
  released(): void
}

/** Waits for one answer at a time; a worker that dies, or an abort, rejects it and all that follow. */
export class RemoteEncoding implements Encoding {
  readonly #id: number
  readonly #link: EncodingLink
  readonly #opened = Promise.withResolvers<undefined>()
  #outputs: PromiseWithResolvers<readonly Float32Array[]> | undefined
  #failure: EngineError | undefined
  #tokensIn = 0
  #released = false

  constructor(id: number, link: EncodingLink) {
    this.#id = id
    this.#link = link
    // Whoever waits gets the rejection; without anybody it is no fault of the process.
    this.#opened.promise.catch(() => undefined)
  }

  get tokensIn(): number {
    return this.#tokensIn
  }

  deliver(event: GenerationEvent): void {
    if (event.type === 'failed') this.fail(fromPlainError(event.error))
    if (event.type === 'opened') {
      this.#tokensIn = event.tokensIn
      this.#opened.resolve(undefined)
    }
    if (event.type !== 'encoded') return
    this.#outputs?.resolve(event.outputs)
    this.#outputs = undefined
  }

  fail(error: EngineError): void {
    this.#failure ??= error
    this.#opened.reject(error)
    this.#outputs?.reject(error)
    this.#outputs = undefined
    this.#release()
  }

  /** Sends the texts and waits until they are tokenised. Throws CANCELLED and what the worker refused them with. */
  open(texts: readonly string[], signal: AbortSignal): Promise<undefined> {
    return this.#while(signal, () => {
      this.#link.send({ type: 'encode', generation: this.#id, texts })
      return this.#opened.promise
    })
  }

  next(texts: number, signal: AbortSignal): Promise<readonly Float32Array[]> {
    if (this.#outputs !== undefined) {
      const message = 'Texts of this request are still being computed. Wait for them first.'
      throw new EngineError('STEP_IN_PROGRESS', message)
    }
    return this.#while(signal, () => {
      const outputs = Promise.withResolvers<readonly Float32Array[]>()
      this.#outputs = outputs
      this.#link.send({ type: 'step', generation: this.#id, maxTokens: texts })
      return outputs.promise
    })
  }

  close(): void {
    this.fail(new EngineError('GENERATION_CLOSED', 'The request is closed. Open another.'))
  }

  /** An abort ends the whole request. */
  async #while<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const cancel = (): void => {
      this.fail(new EngineError('CANCELLED', 'The request was cancelled by its caller.'))
    }
    signal.addEventListener('abort', cancel, { once: true })
    try {
      if (signal.aborted) cancel()
      if (this.#failure !== undefined) throw this.#failure
      return await work()
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
