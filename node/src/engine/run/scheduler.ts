import type { GenerationState } from './generation-state.ts'
import type { GenerationSink, LanguageModel, SequenceCache } from './interface.ts'

/** Longest piece of a prompt fed in one tick, in tokens: what other answers wait for at most. */
export const PREFILL_CHUNK = 128

/**
 * Shares one model between generations, token by token. A tick feeds one chunk of one prompt, then
 * one token to every answer that is being drawn. Only generations inside a step are in the queue, so
 * nothing is ever computed that was not asked for.
 */
export class Scheduler<C extends SequenceCache> {
  readonly #model: LanguageModel<C>
  readonly #sink: GenerationSink
  /** Generations inside a step; prompts take turns from the front. */
  #queue: GenerationState<C>[] = []

  constructor(model: LanguageModel<C>, sink: GenerationSink) {
    this.#model = model
    this.#sink = sink
  }

  get busy(): boolean {
    return this.#queue.length > 0
  }

  startStep(generation: GenerationState<C>, maxTokens: number): void {
    generation.startStep(maxTokens)
    if (!this.#queue.includes(generation)) this.#queue.push(generation)
    this.#dropEnded()
  }

  /** Takes a generation out; what is running for it now is thrown away. */
  remove(generation: GenerationState<C>): void {
    this.#queue = this.#queue.filter((queued) => queued !== generation)
  }

  async tick(): Promise<void> {
    const decoding = this.#queue.filter((generation) => generation.pendingIds().length === 1)
    await this.#prefillOne()
    await this.#decodeAll(decoding.filter((generation) => this.#queue.includes(generation)))
    this.#dropEnded()
    this.#sink.endTick()
  }

  async #prefillOne(): Promise<void> {
    const generation = this.#queue.find((queued) => queued.pendingIds().length > 1)
    if (generation === undefined) return
    this.#queue = [...this.#queue.filter((queued) => queued !== generation), generation]
    try {
      const cache = this.#cacheOf(generation)
      const pending = generation.pendingIds()
      const logits = await this.#model.prefill(cache, pending.slice(0, PREFILL_CHUNK))
      if (pending.length <= PREFILL_CHUNK) this.#accept(generation, logits)
    } catch (error) {
      this.#fail(generation, error)
    }
  }

  async #decodeAll(generations: readonly GenerationState<C>[]): Promise<void> {
    if (generations.length === 0) return
    try {
      const rows = generations.map((generation) => ({
        cache: this.#cacheOf(generation),
        id: generation.pendingIds()[0] ?? 0,
      }))
      const logits = await this.#model.decode(rows)
      generations.forEach((generation, row) => {
        this.#accept(generation, logits[row] ?? new Float32Array(0))
      })
    } catch (error) {
      for (const generation of generations) this.#fail(generation, error)
    }
  }

  /** A generation may have been removed while the model ran. */
  #accept(generation: GenerationState<C>, logits: Float32Array): void {
    if (!this.#queue.includes(generation)) return
    try {
      this.#sink.tokens(generation.id, generation.accept(logits))
    } catch (error) {
      this.#fail(generation, error)
    }
  }

  #cacheOf(generation: GenerationState<C>): C {
    generation.cache ??= this.#model.createCache()
    return generation.cache
  }

  #fail(generation: GenerationState<C>, error: unknown): void {
    if (!this.#queue.includes(generation)) return
    this.remove(generation)
    this.#sink.failed(generation.id, error)
  }

  #dropEnded(): void {
    for (const generation of this.#queue.filter((queued) => !queued.wantsToken)) {
      this.remove(generation)
      this.#sink.stepEnd(generation.id, { finishReason: generation.finishReason })
    }
  }
}
