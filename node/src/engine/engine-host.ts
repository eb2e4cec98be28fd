/** The engine of a node: its models, who may use them, and counters. */
import { Admission, DEFAULT_MAX_QUEUED } from './admission.ts'
import type { Threads } from './device/choose-threads.ts'
import type { Device } from './device/device.ts'
import { spawnProcess } from './device/spawn-process.ts'
import { asEngineError, EngineError } from './errors.ts'
import type {
  Classified,
  Encoded,
  EncodeRequest,
  EncoderTask,
  Encoding,
  Engine,
  EngineStats,
  Generation,
  GenerationRequest,
  ModelInfo,
} from './interface.ts'
import { ModelSupervisor } from './model-supervisor.ts'
import { scheduleTimer, spawnWorker } from './worker-handle.ts'
import type { EngineComponents } from './worker-handle.ts'

/** Generations that may be open at once: each holds keys and values in memory, also while idle. */
export const DEFAULT_MAX_OPEN = 64

export interface EngineInit {
  /** Folders of packed models (see ensurePackedModel). */
  readonly folders: readonly string[]
  readonly maxOpen?: number
  /** Threads of one run of a graph; auto when left out. The numbers are the same with any. */
  readonly threads?: Threads
  /** Where all models run; the processor when left out. Each model on another device has a process of its own. */
  readonly device?: Device
  /** Requests that may wait for a place (see GenerationRequest.waitMs). */
  readonly maxQueued?: number
  /** Replaced by tests. */
  readonly components?: Partial<EngineComponents>
}

/** A model that could not be loaded and is not offered. */
export interface ModelFailure {
  readonly folder: string
  readonly error: EngineError
}

/** The engine as the node's main thread sees it: one worker per model, admission, counters. */
export class EngineHost implements Engine {
  readonly #supervisors: readonly ModelSupervisor[]
  readonly #device: Device
  readonly #maxOpen: number
  readonly #admission: Admission
  #generationsOpened = 0
  #tokensIn = 0
  #tokensOut = 0
  #stopped = false

  constructor(init: EngineInit) {
    const { device = 'cpu', threads = 'auto' } = init
    const spawn = device === 'cpu' ? spawnWorker : spawnProcess
    const components = { spawn, schedule: scheduleTimer, ...init.components }
    this.#device = device
    this.#supervisors = init.folders.map(
      (folder) => new ModelSupervisor({ folder, threads, device }, components),
    )
    this.#maxOpen = init.maxOpen ?? DEFAULT_MAX_OPEN
    const { schedule } = components
    const maxQueued = init.maxQueued ?? DEFAULT_MAX_QUEUED
    this.#admission = new Admission({ maxOpen: this.#maxOpen, maxQueued, schedule })
  }

  /**
   * Loads every model: hashes, then session, then self-test. A model that fails is left out and
   * listed in failures(). Throws the first failure when no model is left.
   */
  async start(): Promise<void> {
    const started = await this.#startAll()
    const failed = started.find((outcome) => outcome.status === 'rejected')
    if (failed === undefined || this.models().length > 0) return
    await this.stop()
    throw asEngineError(failed.reason)
  }

  /** One after the other on a device: each is timed there against the processor. */
  async #startAll(): Promise<PromiseSettledResult<ModelInfo>[]> {
    if (this.#device === 'cpu') {
      return Promise.allSettled(this.#supervisors.map((model) => model.start()))
    }
    const started: PromiseSettledResult<ModelInfo>[] = []
    for (const model of this.#supervisors) {
      started.push(...(await Promise.allSettled([model.start()])))
    }
    return started
  }

  models(): ModelInfo[] {
    return this.#supervisors.flatMap(({ info, failure }) =>
      info === null || failure !== null ? [] : [info],
    )
  }

  failures(): ModelFailure[] {
    return this.#supervisors.flatMap(({ folder, failure }) =>
      failure === null ? [] : [{ folder, error: failure }],
    )
  }

  async open(
    modelId: string,
    request: GenerationRequest,
    signal: AbortSignal,
  ): Promise<Generation> {
    const supervisor = this.#find(modelId)
    const client = request.client ?? ''
    await this.#admission.enter({ client, waitMs: request.waitMs ?? 0 }, signal)
    const generation = await supervisor.open(
      request,
      {
        released: () => {
          this.#admission.leave(client)
        },
        tokensDrawn: (tokens) => {
          this.#tokensOut += tokens
        },
      },
      signal,
    )
    this.#generationsOpened++
    this.#tokensIn += generation.tokensIn
    return generation
  }

  async openEncoding(
    modelId: string,
    task: EncoderTask,
    { client = '', texts, waitMs = 0 }: EncodeRequest,
    signal: AbortSignal,
  ): Promise<Encoding> {
    const supervisor = this.#find(modelId)
    if (supervisor.info?.task !== task) {
      const message = `This model is not made for ${task}. Ask for the list of models and their tasks.`
      throw new EngineError('REQUEST_INVALID', message, { field: 'model' })
    }
    await this.#admission.enter({ client, waitMs }, signal)
    const released = (): void => {
      this.#admission.leave(client)
    }
    const encoding = await supervisor.openEncoding(texts, released, signal)
    this.#generationsOpened++
    this.#tokensIn += encoding.tokensIn
    return encoding
  }

  embed(modelId: string, request: EncodeRequest, signal: AbortSignal): Promise<Encoded> {
    return this.#encode(modelId, 'embeddings', request, signal)
  }

  async classify(
    modelId: string,
    request: EncodeRequest,
    signal: AbortSignal,
  ): Promise<Classified> {
    const labels = this.#find(modelId).info?.labels ?? []
    const { outputs, tokens } = await this.#encode(modelId, 'classification', request, signal)
    return { labels, scores: outputs.map(probabilities), tokens }
  }

  stats(): EngineStats {
    const counters = this.#supervisors.map((model) => model.counters)
    return {
      openGenerations: this.#admission.open,
      queued: this.#admission.queued,
      maxOpen: this.#maxOpen,
      generationsOpened: this.#generationsOpened,
      tokensIn: this.#tokensIn,
      tokensOut: this.#tokensOut,
      crashes: sum(this.#supervisors.map(({ crashes }) => crashes)),
      decodeRuns: sum(counters.map(({ decodeRuns }) => decodeRuns)),
      decodedTokens: sum(counters.map(({ decodedTokens }) => decodedTokens)),
      // To the microsecond: reports need not carry more.
      decodeMs: Math.round(sum(counters.map(({ decodeMs }) => decodeMs)) * 1_000) / 1_000,
      prefixHitTokens: sum(counters.map(({ prefixHitTokens }) => prefixHitTokens)),
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#admission.stop(stopped())
    await Promise.all(this.#supervisors.map((supervisor) => supervisor.stop()))
  }

  async #encode(
    modelId: string,
    task: EncoderTask,
    request: EncodeRequest,
    signal: AbortSignal,
  ): Promise<Encoded> {
    const encoding = await this.openEncoding(modelId, task, request, signal)
    try {
      const outputs = await encoding.next(request.texts.length, signal)
      return { outputs, tokens: encoding.tokensIn }
    } finally {
      encoding.close()
    }
  }

  #find(modelId: string): ModelSupervisor {
    if (this.#stopped) throw stopped()
    const supervisor = this.#supervisors.find(({ info }) => info?.modelId === modelId)
    if (supervisor === undefined) {
      const message = 'This node does not serve that model. Ask for its list of models.'
      throw new EngineError('UNKNOWN_MODEL', message)
    }
    if (supervisor.failure === null) return supervisor
    const message = 'The model cannot be loaded here at the moment. Send to another node.'
    throw new EngineError('MODEL_UNAVAILABLE', message, {}, supervisor.failure)
  }
}

/** Softmax, for reading: whoever must agree on numbers compares logits. */
function probabilities(logits: Float32Array): number[] {
  const max = logits.reduce((highest, logit) => Math.max(highest, logit), -Infinity)
  const raised = [...logits].map((logit) => Math.exp(logit - max))
  const total = sum(raised)
  return raised.map((value) => value / total)
}

function stopped(): EngineError {
  return new EngineError('ENGINE_STOPPED', 'The engine is stopped. Send to another node.')
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
