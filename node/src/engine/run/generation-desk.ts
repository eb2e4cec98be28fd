/** The worker's side of all generations of one model. */
import { EngineError } from '../errors.ts'
import type { LoadedGenerator } from '../model/load-model.ts'
import type { WorkerCommand, WorkerCounters } from '../messages.ts'
import { encodeRequest } from './check-request.ts'
import { GenerationState } from './generation-state.ts'
import type { SequenceCache } from './interface.ts'
import type { Outbox } from './outbox.ts'
import { PrefixCache } from './prefix-cache.ts'
import { Scheduler } from './scheduler.ts'

/** Executes the main thread's commands on one loaded model and keeps the scheduler ticking. */
export class GenerationDesk {
  readonly #loaded: LoadedGenerator
  readonly #outbox: Outbox
  readonly #scheduler: Scheduler<SequenceCache>
  readonly #generations = new Map<number, GenerationState<SequenceCache>>()
  #pumping = false

  constructor(loaded: LoadedGenerator, outbox: Outbox) {
    this.#loaded = loaded
    this.#outbox = outbox
    const prefixes = new PrefixCache(loaded.model, loaded.prefixes)
    this.#scheduler = new Scheduler(loaded.model, outbox, prefixes)
  }

  get counters(): WorkerCounters {
    return this.#scheduler.counters
  }

  /** Never throws: what goes wrong becomes an event of the generation. */
  async handle(command: WorkerCommand): Promise<void> {
    try {
      this.#execute(command)
    } catch (error) {
      this.#outbox.failed(command.generation, error)
    }
    this.#outbox.endTick()
    await this.#pump()
  }

  #execute(command: WorkerCommand): void {
    switch (command.type) {
      case 'open':
        this.#open(command)
        break
      case 'step':
        this.#scheduler.startStep(this.#find(command.generation), command.maxTokens)
        break
      case 'encode': {
        const message = 'This model generates text. Choose one for embeddings or classification.'
        throw new EngineError('REQUEST_INVALID', message, { field: 'model' })
      }
      case 'close':
        this.#close(command.generation)
    }
  }

  #open({ generation, request }: Extract<WorkerCommand, { type: 'open' }>): void {
    const { tokenizer, vocabSize, eosTokenIds, info } = this.#loaded
    const { contextLength } = info
    const promptIds = encodeRequest(request, tokenizer, { contextLength, vocabSize })
    const state = new GenerationState<SequenceCache>(generation, promptIds, request, {
      contextLength,
      eosTokenIds,
      createJsonGuide: () => tokenizer.createJsonGuide(eosTokenIds),
      decode: (ids) => tokenizer.decode(ids),
    })
    this.#generations.set(generation, state)
    this.#outbox.opened(generation, state.tokensIn)
  }

  #close(generation: number): void {
    const state = this.#generations.get(generation)
    if (state === undefined) return
    this.#scheduler.remove(state)
    this.#generations.delete(generation)
    if (state.cache !== null) this.#loaded.model.discard(state.cache)
    state.cache = null
  }

  #find(generation: number): GenerationState<SequenceCache> {
    const state = this.#generations.get(generation)
    if (state !== undefined) return state
    throw new EngineError('GENERATION_CLOSED', 'The generation is closed. Open another one.')
  }

  /** One loop at a time; between ticks the thread hears new commands. */
  async #pump(): Promise<void> {
    if (this.#pumping) return
    this.#pumping = true
    while (this.#scheduler.busy) await this.#scheduler.tick()
    this.#pumping = false
  }
}
