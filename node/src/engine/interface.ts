/** A model as it is offered: modelId is the sha2-256 digest inside the manifest's CID (SCHEMAS "Names"). */
export interface ModelInfo {
  readonly modelId: `0x${string}`
  readonly cid: string
  readonly name: string
  /** Most tokens of prompt and completion together. */
  readonly contextLength: number
  readonly determinism: 'f32' | 'opaque'
  readonly task: string
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
  stats(): EngineStats
  /** Fails what is open with ENGINE_STOPPED and ends the workers. */
  stop(): Promise<void>
}
