/** What the parts of a worker need of one another. */
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

/** A piece of a prompt to be fed. */
export interface PromptPiece<C extends SequenceCache> {
  readonly cache: C
  readonly ids: readonly number[]
}

/**
 * What the scheduler needs of a model. What it computes for a sequence depends on the sequence alone,
 * bit for bit: not on what else a call contains, nor on where a prompt is cut into pieces of two
 * tokens or more.
 */
export interface LanguageModel<C extends SequenceCache> {
  /** Runs of the graph that decode() took so far: the fewer, the more rows were computed together. */
  readonly decodeRuns: number
  createCache(): C
  /** Feeds ids (at least one) and gives the logits behind the last. */
  prefill(cache: C, ids: readonly number[]): Promise<Float32Array>
  /** Feeds several whole prompts, none longer than a chunk, to empty caches; gives logits in order. */
  prefillTogether(prompts: readonly PromptPiece<C>[]): Promise<Float32Array[]>
  /** Feeds one id to each row; gives the logits of each, in order. */
  decode(rows: readonly DecodeRow<C>[]): Promise<Float32Array[]>
  /** What the cache holds of count tokens from start on; only after a prefill. */
  exportTokens(cache: C, start: number, count: number): Float32Array
  /** Adds count tokens that exportTokens gave. */
  importTokens(cache: C, values: Float32Array, count: number): void
  /** Frees what a sequence holds that is over; its cache is not used again. */
  discard(cache: C): void
}

/** Tokens that were drawn and not sent yet. */
export interface DrawnTokens {
  /** Gives them, with the text that they make certain, and forgets them. Called once for each message. */
  takeDrawn(): TokenBatch
}

/**
 * How many rows a run of the graph may have, so that a row gets the same bits whatever lies beside it: any number; two or
 * more, a single one filled up; or one.
 */
export type RowRule = 'any' | 'several' | 'one'

/** Where the scheduler reports, per generation. */
export interface GenerationSink {
  /** A token was drawn; it is taken from the source when something is sent. */
  tokens(generation: number, drawn: DrawnTokens): void
  stepEnd(generation: number, end: StepEnd): void
  failed(generation: number, error: unknown): void
  /** Called at the end of each tick: what was reported may now be sent on. */
  endTick(): void
}
