/** The engine as the rest of the node sees it. */
import type { DeviceReport } from './device/device-report.ts'

/** A model as it is offered: modelId is the sha2-256 digest inside the manifest's CID (SCHEMAS "Names"). */
export interface ModelInfo {
  readonly modelId: `0x${string}`
  readonly cid: string
  readonly name: string
  /** Most tokens of prompt and completion together. */
  readonly contextLength: number
  /** 'f32': answers may be compared and disputed. Always 'opaque' on another device than the processor. */
  readonly determinism: 'f32' | 'opaque'
  readonly task: string
  /** Of the processor, for one run of the graph. */
  readonly threads?: number
  /** Of a model that does not run on the processor. */
  readonly device?: DeviceReport
  /** Names of the classes of a classification, in the order of their logits. */
  readonly labels?: readonly string[]
  /** Of embeddings and classification: numbers for each text. */
  readonly width?: number
}

/** Parameters of sampler version 1 (SCHEMAS "Sampler version 1"). */
export interface SamplerParams {
  /** 0 takes the highest logit; otherwise finite and positive. */
  readonly temperature: number
  /** In [0, 1], read in millionths; 1 keeps everything. */
  readonly topP: number
  /** How many of the best tokens are kept; 0 keeps everything. */
  readonly topK: number
  /** In [0, 1], read in millionths; 0 keeps everything. */
  readonly minP: number
  /** Positive; 1 changes nothing. */
  readonly repetitionPenalty: number
  /** Added to the logits of these token ids. */
  readonly logitBias: ReadonlyMap<number, number>
  /** 32 bytes; token t of the completion always uses the same uniform u(seed, t). */
  readonly seed: Uint8Array
}

export interface ChatMessage {
  readonly role: string
  readonly content: string
}

export interface GenerationRequest {
  readonly messages: readonly ChatMessage[]
  /** Completion tokens that another provider already delivered; the answer goes on behind them. */
  readonly prefixIds: readonly number[]
  /** Limit of the whole completion, prefixIds included, so a resumed answer ends where it would have. */
  readonly maxTokens: number
  /** The answer ends before the first of these; at most 16, of 1 to 256 characters. */
  readonly stop: readonly string[]
  readonly sampler: SamplerParams
  /** 'json': the answer is one JSON object, or the beginning of one when it ends by length. */
  readonly format?: 'text' | 'json'
  /** Whom this is for, at most 128 characters: clients share the engine evenly. Left out: nobody. */
  readonly client?: string
  /** How long to wait for a place when all are taken, ms; 0 or left out: refuse at once. */
  readonly waitMs?: number
}

/**
 * Tokens in the order drawn and the text they add. The id that ends the sequence is among the ids
 * (it was drawn and can be checked) and adds no text. Text that may still become part of a longer
 * character or of a stop string is held back until that is decided.
 */
export interface TokenBatch {
  readonly ids: number[]
  readonly text: string
}

/** Why a step ended; null: its token limit was reached and more can follow. */
export interface StepEnd {
  readonly finishReason: 'stop' | 'length' | null
}

/** One answer being drawn. It computes only inside step(): never ahead of what was asked for. */
export interface Generation {
  /** Tokens of prompt and prefix: what a provider bills as input. */
  readonly tokensIn: number
  /**
   * Draws at most maxTokens further tokens, then stands still. Aborting the signal, or leaving the
   * iteration early, closes the generation. Throws EngineError (CANCELLED, ENGINE_CRASHED,
   * ENGINE_FAILED, ENGINE_STOPPED, GENERATION_CLOSED, STEP_IN_PROGRESS, REQUEST_INVALID).
   */
  step(maxTokens: number, signal: AbortSignal): AsyncGenerator<TokenBatch, StepEnd, void>
  /** Gives the slot back; a second call does nothing. */
  close(): void
}

/** Counters since start; for metrics. */
export interface EngineStats {
  readonly openGenerations: number
  readonly maxOpen: number
  readonly generationsOpened: number
  readonly tokensIn: number
  readonly tokensOut: number
  readonly crashes: number
  /** Requests that wait for a place. */
  readonly queued: number
  /** Runs of the graph that drew tokens, and the tokens they drew: their ratio is the mean batch. */
  readonly decodeRuns: number
  readonly decodedTokens: number
  /** Time of these runs and of choosing their tokens, ms: decodedTokens by it is the speed while drawing. */
  readonly decodeMs: number
  /** Prompt tokens that were taken from the prefix cache instead of being computed. */
  readonly prefixHitTokens: number
}

/** What an encoder gave: one list of numbers for each text, and the tokens of all texts. */
export interface Encoded {
  readonly outputs: readonly Float32Array[]
  readonly tokens: number
}

/** Texts to be turned into embeddings or classified. */
export interface EncodeRequest {
  /** 1 to 256, each within the model's context. */
  readonly texts: readonly string[]
  readonly client?: string
  readonly waitMs?: number
}

/** Tasks that answer texts with numbers. */
export type EncoderTask = 'embeddings' | 'classification'

/** Texts being turned into numbers, in their order. Nothing is computed ahead of what was asked for. */
export interface Encoding {
  /** Tokens of all texts: what a provider bills as input. */
  readonly tokensIn: number
  /**
   * The numbers of the next texts, at most so many: embeddings of length 1, or raw logits of the classes; empty
   * when all were computed. Aborting the signal closes the request. Throws CANCELLED, ENGINE_CRASHED,
   * ENGINE_FAILED, ENGINE_STOPPED, GENERATION_CLOSED, STEP_IN_PROGRESS.
   */
  next(texts: number, signal: AbortSignal): Promise<readonly Float32Array[]>
  /** Gives the place back; a second call does nothing. */
  close(): void
}

/** Probabilities of the classes of each text, in the order of ModelInfo.labels. */
export interface Classified {
  readonly labels: readonly string[]
  readonly scores: readonly (readonly number[])[]
  readonly tokens: number
}

/** Runs models for the node. Every promise that rejects does so with an EngineError. */
export interface Engine {
  /** The models that passed hash check and self-test; only these may be offered. */
  models(): ModelInfo[]
  /**
   * Admits and tokenises a request; nothing is computed before the first step. Throws UNKNOWN_MODEL,
   * MODEL_UNAVAILABLE, ENGINE_BUSY, PROMPT_EMPTY, PROMPT_TOO_LONG, REQUEST_INVALID,
   * CHAT_TEMPLATE_FAILED, ENGINE_CRASHED, ENGINE_STOPPED, CANCELLED.
   */
  open(modelId: string, request: GenerationRequest, signal: AbortSignal): Promise<Generation>
  /**
   * Admits and tokenises texts for a model of that task; nothing is computed before they are asked for. Throws as
   * open does, and REQUEST_INVALID when the model has another task.
   */
  openEncoding(
    modelId: string,
    task: EncoderTask,
    request: EncodeRequest,
    signal: AbortSignal,
  ): Promise<Encoding>
  /**
   * Embeddings of Euclidean length 1, one for each text, of a model whose task is embeddings. Each text
   * is computed by itself. Throws as open does, and REQUEST_INVALID when the model has another task.
   */
  embed(modelId: string, request: EncodeRequest, signal: AbortSignal): Promise<Encoded>
  /** Classes of each text, of a model whose task is classification. Throws as embed does. */
  classify(modelId: string, request: EncodeRequest, signal: AbortSignal): Promise<Classified>
  stats(): EngineStats
  /** Fails what is open with ENGINE_STOPPED and ends the workers. */
  stop(): Promise<void>
}
