import { EngineError, fromPlainError } from './errors.ts'
import type { GenerationRequest, ModelInfo } from './interface.ts'
import type { GenerationEvent, WorkerCommand, WorkerReport } from './messages.ts'
import { raceAbort } from './race-abort.ts'
import { RemoteGeneration } from './remote-generation.ts'
import type { GenerationLink } from './remote-generation.ts'
import { restartDelay } from './restart-delay.ts'
import type { EngineComponents, WorkerHandle } from './worker-handle.ts'

/** A model whose worker dies this often before it was ever ready is given up. */
const MAX_FAILED_STARTS = 3

/** Keeps one model's worker alive: starts it, routes its events, restarts it after a crash. */
export class ModelSupervisor {
  readonly folder: string
  readonly #components: EngineComponents
  readonly #generations = new Map<number, RemoteGeneration>()
  #worker: WorkerHandle | null = null
  #ready = pendingReady()
  #info: ModelInfo | null = null
  #failure: EngineError | null = null
  #cancelRestart: () => void = () => undefined
  #nextGeneration = 1
  #crashesInARow = 0
  #crashes = 0

  constructor(folder: string, components: EngineComponents) {
    this.folder = folder
    this.#components = components
  }

  /** The model, known since its first start; it stays known while the worker restarts. */
  get info(): ModelInfo | null {
    return this.#info
  }

  /** Why the model is not offered; it is not started again. */
  get failure(): EngineError | null {
    return this.#failure
  }

  get crashes(): number {
    return this.#crashes
  }

  /** Starts the worker. Rejects with the error that keeps the model from being offered. */
  start(): Promise<ModelInfo> {
    this.#spawn()
    return this.#ready.promise
  }

  /** Opens a generation, waiting for a worker that is just being restarted. */
  async open(
    request: GenerationRequest,
    link: Omit<GenerationLink, 'send'>,
    signal: AbortSignal,
  ): Promise<RemoteGeneration> {
    const id = this.#nextGeneration++
    const generation = new RemoteGeneration(id, this.#linkFor(id, link))
    try {
      await raceAbort(this.#ready.promise, signal)
      this.#generations.set(id, generation)
      this.#send({ type: 'open', generation: id, request })
      await generation.opened(signal)
      return generation
    } catch (error) {
      generation.close()
      throw error
    }
  }

  /** Fails what is open and ends the worker; the model is not offered any more. */
  async stop(): Promise<void> {
    const worker = this.#worker
    const message = 'The engine is shutting down. Send the request to another node.'
    this.#giveUp(new EngineError('ENGINE_STOPPED', message))
    await worker?.terminate()
  }

  #linkFor(id: number, link: Omit<GenerationLink, 'send'>): GenerationLink {
    return {
      send: (command) => {
        this.#send(command)
      },
      released: () => {
        this.#generations.delete(id)
        link.released()
      },
      tokensDrawn: (tokens) => {
        link.tokensDrawn(tokens)
      },
    }
  }

  #spawn(): void {
    const worker: WorkerHandle = this.#components.spawn(
      { folder: this.folder },
      {
        report: (message) => {
          if (this.#worker === worker) this.#onReport(message)
        },
        down: (reason) => {
          if (this.#worker === worker) this.#onDown(reason)
        },
      },
    )
    this.#worker = worker
  }

  #send(command: WorkerCommand): void {
    this.#worker?.send(command)
  }

  #onReport(message: WorkerReport): void {
    switch (message.type) {
      case 'ready':
        this.#info = message.info
        this.#ready.resolve(message.info)
        break
      case 'loadFailed':
        this.#giveUp(fromPlainError(message.error))
        break
      case 'events':
        for (const event of message.events) this.#onEvent(event)
    }
  }

  #onEvent(event: GenerationEvent): void {
    if (event.type === 'stepEnd') this.#crashesInARow = 0
    this.#generations.get(event.generation)?.deliver(event)
  }

  #onDown(reason: string): void {
    this.#worker = null
    this.#crashes++
    this.#crashesInARow++
    const message = 'The engine crashed and is being restarted. Send the request again.'
    const error = new EngineError('ENGINE_CRASHED', message, { reason })
    if (this.#info === null && this.#crashesInARow >= MAX_FAILED_STARTS) {
      this.#giveUp(error)
      return
    }
    // Whoever waits for the first start goes on waiting; later ones wait for the next worker.
    if (this.#info !== null) this.#ready = pendingReady()
    this.#failAll(error)
    const delay = restartDelay(this.#crashesInARow)
    this.#cancelRestart = this.#components.schedule(() => {
      this.#spawn()
    }, delay)
  }

  #giveUp(error: EngineError): void {
    const worker = this.#worker
    this.#worker = null
    this.#cancelRestart()
    this.#failure = error
    this.#ready.reject(error)
    this.#ready = pendingReady()
    this.#ready.reject(error)
    this.#failAll(error)
    void worker?.terminate()
  }

  #failAll(error: EngineError): void {
    for (const generation of [...this.#generations.values()]) generation.fail(error)
  }
}

/** A rejection that nobody waits for is no fault of the process. */
function pendingReady(): PromiseWithResolvers<ModelInfo> {
  const ready = Promise.withResolvers<ModelInfo>()
  ready.promise.catch(() => undefined)
  return ready
}
