import type { StepEnd, TokenBatch } from '../interface.ts'

/** Keys and values of one sequence; only the model that made it looks inside. */
export interface SequenceCache {
  /** Tokens whose keys and values are held. */
  readonly length: number
}

/** One sequence that wants its next logits, and the token to feed it. */
export interface DecodeRow<C extends SequenceCache> {
  readonly cache: C
  readonly id: number
}

/** What the scheduler needs of a model. Rows are passed together so that a model may batch them. */
export interface LanguageModel<C extends SequenceCache> {
  createCache(): C
  /** Feeds ids (at least one) and gives the logits behind the last. */
  prefill(cache: C, ids: readonly number[]): Promise<Float32Array>
  /** Feeds one id to each row; gives the logits of each, in order. */
  decode(rows: readonly DecodeRow<C>[]): Promise<Float32Array[]>
}

/** Where the scheduler reports, per generation. */
export interface GenerationSink {
  tokens(generation: number, batch: TokenBatch): void
  stepEnd(generation: number, end: StepEnd): void
  failed(generation: number, error: unknown): void
  /** Called at the end of each tick: what was reported may now be sent on. */
  endTick(): void
}
