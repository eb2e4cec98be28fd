/** Shares one model between generations, token by token. */
import type { WorkerCounters } from '../messages.ts'
import { FairShare } from './fair-share.ts'
import type { GenerationState } from './generation-state.ts'
import type { GenerationSink, LanguageModel, SequenceCache } from './interface.ts'
import type { PrefixCache } from './prefix-cache.ts'
import { pieceEnd, promptsTogether } from './prompt-pieces.ts'
import { RowPicker } from './row-picker.ts'

/** A decoded token costs about what four tokens of a prompt cost (measured: 24k and 5k tokens/s). */
const DECODE_COST = 4

/**
 * A tick feeds one piece of a prompt (or several short prompts at once), then one token to every
 * answer that is being drawn, in one batch. Only generations inside a step are in the queue, so nothing
 * is ever computed that was not asked for.
 */
export class Scheduler<C extends SequenceCache> {
  readonly #model: LanguageModel<C>
  readonly #sink: GenerationSink
  readonly #prefixes: PrefixCache<C>
  readonly #now: () => number
  readonly #share = new FairShare()
  readonly #picker = new RowPicker<GenerationState<C>>(this.#share)
  /** Generations inside a step; turns are taken from the front. */
  #queue: GenerationState<C>[] = []
  /** Of the model before this served anybody. */
  readonly #trialRuns: number
  #decodedTokens = 0
  #decodeMs = 0

  /** @param now milliseconds that never go back, for the counter of time only */
  constructor(
    model: LanguageModel<C>,
    sink: GenerationSink,
    prefixes: PrefixCache<C>,
    now: () => number = () => performance.now(),
  ) {
    this.#model = model
    this.#trialRuns = model.decodeRuns
    this.#sink = sink
    this.#prefixes = prefixes
    this.#now = now
  }

  get busy(): boolean {
    return this.#queue.length > 0
  }

  /** Since start. */
  get counters(): WorkerCounters {
    return {
      decodeRuns: this.#model.decodeRuns - this.#trialRuns,
      decodedTokens: this.#decodedTokens,
      decodeMs: this.#decodeMs,
      prefixHitTokens: this.#prefixes.stats.hitTokens,
    }
  }

  startStep(generation: GenerationState<C>, maxTokens: number): void {
    generation.startStep(maxTokens)
    if (!this.#queue.includes(generation)) {
      const present = new Set(this.#queue.map(({ client }) => client))
      if (!present.has(generation.client)) this.#share.enter(generation.client, present)
      this.#queue.push(generation)
    }
    this.#dropEnded()
  }

  /** Takes a generation out; what is running for it now is thrown away. */
  remove(generation: GenerationState<C>): void {
    this.#queue = this.#queue.filter((queued) => queued !== generation)
  }

  async tick(): Promise<void> {
    const decoding = this.#queue.filter((generation) => !generation.prompting)
    await this.#feedPrompts()
    await this.#decode(decoding.filter((generation) => this.#queue.includes(generation)))
    this.#dropEnded()
    this.#sink.endTick()
  }

  async #feedPrompts(): Promise<void> {
    const turns = this.#queue
      .filter((generation) => generation.prompting)
      .sort((a, b) => this.#share.served(a.client) - this.#share.served(b.client))
    const [first] = turns
    if (first === undefined) return
    let group = [first]
    try {
      group = this.#nextPrompts(first, turns)
      await (group.length > 1 ? this.#feedTogether(group) : this.#feedPiece(first))
    } catch (error) {
      for (const generation of group) this.#fail(generation, error)
    }
    this.#sendBack(group)
  }

  /** The first prompt, and those that are fed in the same run. */
  #nextPrompts(
    first: GenerationState<C>,
    turns: readonly GenerationState<C>[],
  ): GenerationState<C>[] {
    const isWhole = (generation: GenerationState<C>): boolean =>
      pieceEnd(0, generation.ids.length) === generation.ids.length &&
      this.#cacheOf(generation).length === 0
    if (!isWhole(first)) return [first]
    const whole = turns.filter(isWhole)
    const chosen = promptsTogether(whole.map(({ ids }) => ids.length))
    return chosen.flatMap((index) => whole[index] ?? [])
  }

  async #feedPiece(generation: GenerationState<C>): Promise<void> {
    const cache = this.#cacheOf(generation)
    const end = pieceEnd(cache.length, generation.ids.length)
    const ids = generation.ids.slice(cache.length, end)
    const logits = await this.#model.prefill(cache, ids)
    this.#share.charge(generation.client, ids.length)
    if (end === generation.ids.length) this.#endPrompt(generation, logits)
  }

  async #feedTogether(group: readonly GenerationState<C>[]): Promise<void> {
    const prompts = group.map((generation) => ({
      cache: this.#cacheOf(generation),
      ids: [...generation.ids],
    }))
    const logits = await this.#model.prefillTogether(prompts)
    group.forEach((generation, row) => {
      this.#share.charge(generation.client, generation.ids.length)
      this.#endPrompt(generation, logits[row] ?? new Float32Array(0))
    })
  }

  #endPrompt(generation: GenerationState<C>, logits: Float32Array): void {
    if (!this.#queue.includes(generation)) return
    const { client, ids } = generation
    if (generation.cache !== null) this.#prefixes.keep(generation.cache, client, ids)
    this.#accept(generation, logits)
  }

  async #decode(waiting: readonly GenerationState<C>[]): Promise<void> {
    const generations = this.#picker.pick(waiting)
    if (generations.length === 0) return
    try {
      const rows = generations.map((generation) => ({
        cache: this.#cacheOf(generation),
        id: generation.lastId,
      }))
      const startedMs = this.#now()
      const logits = await this.#model.decode(rows)
      this.#decodedTokens += rows.length
      generations.forEach((generation, row) => {
        this.#share.charge(generation.client, DECODE_COST)
        this.#accept(generation, logits[row] ?? new Float32Array(0))
      })
      this.#decodeMs += this.#now() - startedMs
    } catch (error) {
      for (const generation of generations) this.#fail(generation, error)
    }
    if (generations.length < waiting.length) this.#sendBack(generations)
  }

  /** Who got a token waits behind those who did not. */
  #sendBack(served: readonly GenerationState<C>[]): void {
    const later = this.#queue.filter((generation) => served.includes(generation))
    this.#queue = [...this.#queue.filter((generation) => !later.includes(generation)), ...later]
  }

  /** A generation may have been removed while the model ran. */
  #accept(generation: GenerationState<C>, logits: Float32Array): void {
    if (!this.#queue.includes(generation)) return
    try {
      generation.accept(logits)
      this.#sink.tokens(generation.id, generation)
    } catch (error) {
      this.#fail(generation, error)
    }
  }

  #cacheOf(generation: GenerationState<C>): C {
    if (generation.cache === null) {
      generation.cache = this.#model.createCache()
      this.#prefixes.restore(generation.cache, generation.client, generation.ids)
    }
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
