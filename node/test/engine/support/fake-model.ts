/** A language model that counts, and a sink that writes down. */
import type {
  DecodeRow,
  DrawnTokens,
  GenerationSink,
  LanguageModel,
  PromptPiece,
  SequenceCache,
} from '../../../src/engine/run/interface.ts'
import type { StepEnd } from '../../../src/engine/index.ts'

/** Token ids that the fake was fed. */
export class FakeCache implements SequenceCache {
  readonly fed: number[] = []
  get length(): number {
    return this.fed.length
  }
}

/** Always wants the id after the last one fed; keeps a list of everything it was asked to do. */
export class FakeModel implements LanguageModel<FakeCache> {
  readonly calls: string[] = []
  readonly discarded: FakeCache[] = []
  fault: Error | null = null
  onCall: () => void = () => undefined

  get decodeRuns(): number {
    return this.calls.filter((call) => call.startsWith('decode')).length
  }

  createCache(): FakeCache {
    return new FakeCache()
  }

  async prefill(cache: FakeCache, ids: readonly number[]): Promise<Float32Array> {
    this.calls.push(`prefill ${ids.length}`)
    return this.#feed(cache, ids)
  }

  async prefillTogether(prompts: readonly PromptPiece<FakeCache>[]): Promise<Float32Array[]> {
    this.calls.push(`together ${prompts.map(({ ids }) => ids.length).join('+')}`)
    return Promise.all(prompts.map(({ cache, ids }) => this.#feed(cache, ids)))
  }

  exportTokens(cache: FakeCache, start: number, count: number): Float32Array {
    return Float32Array.from(cache.fed.slice(start, start + count))
  }

  importTokens(cache: FakeCache, values: Float32Array, count: number): void {
    cache.fed.push(...values.subarray(0, count))
  }

  discard(cache: FakeCache): void {
    this.discarded.push(cache)
  }

  async decode(rows: readonly DecodeRow<FakeCache>[]): Promise<Float32Array[]> {
    this.calls.push(`decode ${rows.length}`)
    return Promise.all(rows.map(({ cache, id }) => this.#feed(cache, [id])))
  }

  #feed(cache: FakeCache, ids: readonly number[]): Promise<Float32Array> {
    this.onCall()
    if (this.fault !== null) return Promise.reject(this.fault)
    cache.fed.push(...ids)
    const logits = new Float32Array(1000)
    logits[((ids.at(-1) ?? 0) + 1) % 1000] = 1
    return Promise.resolve(logits)
  }
}

/** Writes down what the scheduler reports. */
export class RecordingSink implements GenerationSink {
  readonly drawn = new Map<number, number[]>()
  readonly ends: [number, StepEnd['finishReason']][] = []
  readonly failures: [number, string][] = []
  readonly order: number[] = []
  ticks = 0

  tokens(generation: number, drawn: DrawnTokens): void {
    this.order.push(generation)
    this.drawn.set(generation, [...(this.drawn.get(generation) ?? []), ...drawn.takeDrawn().ids])
  }

  stepEnd(generation: number, { finishReason }: StepEnd): void {
    this.ends.push([generation, finishReason])
  }

  failed(generation: number, error: unknown): void {
    this.failures.push([generation, error instanceof Error ? error.message : String(error)])
  }

  endTick(): void {
    this.ticks++
  }
}
