/** One model's worker, kept alive. */
import { EngineError, fromPlainError } from './errors.ts'
import type { GenerationRequest, ModelInfo } from './interface.ts'
import type {
  GenerationEvent,
  WorkerCommand,
  WorkerCounters,
  WorkerReport,
  WorkerInit,
} from './messages.ts'
import { raceAbort } from './race-abort.ts'
import { RemoteEncoding } from './remote-encoding.ts'
import { RemoteGeneration } from './remote-generation.ts'
import type { GenerationLink } from './remote-generation.ts'
import { restartDelay } from './restart-delay.ts'
import { Watchdog } from './watchdog.ts'
import type { EngineComponents, WorkerHandle } from './worker-handle.ts'

/** A model whose worker dies this often before it was ever ready is given up. */
const MAX_FAILED_STARTS = 3

const NOTHING_DONE: WorkerCounters = {
  decodeRuns: 0,
  decodedTokens: 0,
  decodeMs: 0,
  prefixHitTokens: 0,
}

/** Keeps one model's worker alive: starts it, routes its events, restarts it after a crash. */
export class ModelSupervisor {
  readonly #init: WorkerInit
  readonly #components: EngineComponents
  /** Generations and encode requests, by their number. */
  readonly #generations = new Map<number, RemoteGeneration | RemoteEncoding>()
  #worker: WorkerHandle | null = null
  #ready = pendingReady()
  #info: ModelInfo | null = null
  #failure: EngineError | null = null
  #watchdog: Watchdog | null = null
  #cancelRestart: () => void = () => undefined
  #nextGeneration = 1
  #crashesInARow = 0
  #crashes = 0
  /** Of the workers that are gone, and of the one that runs. */
  #pastCounters = NOTHING_DONE
  #counters = NOTHING_DONE

  constructor(init: WorkerInit, components: EngineComponents) {
    this.#init = init
    this.#components = components
  }

  get folder(): string {
    return this.#init.folder
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

  /** What all workers of this model have done. */
  get counters(): WorkerCounters {
    return sumCounters(this.#pastCounters, this.#counters)
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

  /** Opens an encode request, waiting for a worker that is just being restarted. */
  async openEncoding(
    texts: readonly string[],
    released: () => void,
    signal: AbortSignal,
  ): Promise<RemoteEncoding> {
    const id = this.#nextGeneration++
    const link = this.#linkFor(id, { released, tokensDrawn: () => undefined })
    const encoding = new RemoteEncoding(id, link)
    try {
      await raceAbort(this.#ready.promise, signal)
      this.#generations.set(id, encoding)
      await encoding.open(texts, signal)
      return encoding
    } catch (error) {
      encoding.close()
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
    const worker: WorkerHandle = this.#components.spawn(this.#init, {
      report: (message) => {
        if (this.#worker === worker) this.#onReport(message)
      },
      down: (reason) => {
        if (this.#worker === worker) this.#onDown(reason)
      },
    })
    this.#worker = worker
    this.#watchdog = new Watchdog({
      schedule: (task, delayMs) => this.#components.schedule(task, delayMs),
      busy: () => this.#generations.size > 0,
      ping: () => {
        worker.send({ type: 'ping' })
      },
      stalled: (reason) => {
        this.#onDown(reason)
        void worker.terminate()
      },
    })
  }

  #send(command: WorkerCommand): void {
    this.#worker?.send(command)
  }

  #onReport(message: WorkerReport): void {
    this.#watchdog?.heard()
    switch (message.type) {
      case 'pong':
        break
      case 'ready':
        this.#watchdog?.loaded()
        this.#info = message.info
        this.#ready.resolve(message.info)
        break
      case 'loadFailed':
        this.#giveUp(fromPlainError(message.error))
        break
      case 'events':
        this.#counters = message.counters
        for (const event of message.events) this.#onEvent(event)
    }
  }

  #onEvent(event: GenerationEvent): void {
    if (event.type === 'stepEnd' || event.type === 'encoded') this.#crashesInARow = 0
    this.#generations.get(event.generation)?.deliver(event)
  }

  #onDown(reason: string): void {
    this.#watchdog?.stop()
    this.#worker = null
    this.#pastCounters = this.counters
    this.#counters = NOTHING_DONE
    this.#crashes++
    this.#crashesInARow++
    const message = 'The engine crashed and is being restarted. Send the request again.'
    const error = new EngineError('ENGINE_CRASHED', message, { reason })
    if (this.#info === null && this.#crashesInARow >= MAX_FAILED_STARTS) {
      this.#giveUp(this.#startFailure(error, reason))
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

  /** A device whose driver crashes is as good as none. */
  #startFailure(crash: EngineError, reason: string): EngineError {
    const { device } = this.#init
    if (device === 'cpu') return crash
    const message =
      `The device "${device}" cannot be used here: the model's process ended before it was ready (${reason}). ` +
      'Update its driver, or set engine.device (--device) to "cpu".'
    return new EngineError('DEVICE_UNAVAILABLE', message, { device, reason }, crash)
  }

  #giveUp(error: EngineError): void {
    const worker = this.#worker
    this.#watchdog?.stop()
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

function sumCounters(a: WorkerCounters, b: WorkerCounters): WorkerCounters {
  return {
    decodeRuns: a.decodeRuns + b.decodeRuns,
    decodedTokens: a.decodedTokens + b.decodedTokens,
    decodeMs: a.decodeMs + b.decodeMs,
    prefixHitTokens: a.prefixHitTokens + b.prefixHitTokens,
  }
}

/** A rejection that nobody waits for is no fault of the process. */
function pendingReady(): PromiseWithResolvers<ModelInfo> {
  const ready = Promise.withResolvers<ModelInfo>()
  ready.promise.catch(() => undefined)
  return ready
}
