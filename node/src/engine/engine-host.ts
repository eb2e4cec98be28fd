import { asEngineError, EngineError } from './errors.ts'
import type { Engine, EngineStats, Generation, GenerationRequest, ModelInfo } from './interface.ts'
import { ModelSupervisor } from './model-supervisor.ts'
import { scheduleTimer, spawnWorker } from './worker-handle.ts'
import type { EngineComponents } from './worker-handle.ts'

/** Generations that may be open at once: each holds keys and values in memory, also while idle. */
export const DEFAULT_MAX_OPEN = 64

export interface EngineInit {
  /** Folders of packed models (see ensurePackedModel). */
  readonly folders: readonly string[]
  readonly maxOpen?: number
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
  readonly #maxOpen: number
  #openGenerations = 0
  #generationsOpened = 0
  #tokensIn = 0
  #tokensOut = 0
  #stopped = false

  constructor(init: EngineInit) {
    const components = { spawn: spawnWorker, schedule: scheduleTimer, ...init.components }
    this.#supervisors = init.folders.map((folder) => new ModelSupervisor(folder, components))
    this.#maxOpen = init.maxOpen ?? DEFAULT_MAX_OPEN
  }

  /**
   * Loads every model: hashes, then session, then self-test. A model that fails is left out and
   * listed in failures(). Throws the first failure when no model is left.
   */
  async start(): Promise<void> {
    const started = await Promise.allSettled(this.#supervisors.map((model) => model.start()))
    const failed = started.find((outcome) => outcome.status === 'rejected')
    if (failed === undefined || this.models().length > 0) return
    await this.stop()
    throw asEngineError(failed.reason)
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
    this.#admit()
    const generation = await supervisor.open(
      request,
      {
        released: () => {
          this.#openGenerations--
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

  stats(): EngineStats {
    return {
      openGenerations: this.#openGenerations,
      maxOpen: this.#maxOpen,
      generationsOpened: this.#generationsOpened,
      tokensIn: this.#tokensIn,
      tokensOut: this.#tokensOut,
      crashes: this.#supervisors.reduce((sum, { crashes }) => sum + crashes, 0),
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all(this.#supervisors.map((supervisor) => supervisor.stop()))
  }

  #find(modelId: string): ModelSupervisor {
    if (this.#stopped) {
      throw new EngineError('ENGINE_STOPPED', 'The engine is stopped. Send to another node.')
    }
    const supervisor = this.#supervisors.find(({ info }) => info?.modelId === modelId)
    if (supervisor === undefined) {
      const message = 'This node does not serve that model. Ask for its list of models.'
      throw new EngineError('UNKNOWN_MODEL', message)
    }
    if (supervisor.failure === null) return supervisor
    const message = 'The model cannot be loaded here at the moment. Send to another node.'
    throw new EngineError('MODEL_UNAVAILABLE', message, {}, supervisor.failure)
  }

  #admit(): void {
    const [open, limit] = [this.#openGenerations, this.#maxOpen]
    if (open >= limit) {
      const message = `All ${limit} places of the engine are taken. Try again later or elsewhere.`
      throw new EngineError('ENGINE_BUSY', message, { open, limit })
    }
    this.#openGenerations++
  }
}
