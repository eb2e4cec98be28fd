/** What a caller asks for, its limits and its defaults. */
import type { ChatMessage, Hex, Sampling } from '@duckmesh/protocols'

/** One inference request; the seed makes the answer reproducible. */
export interface JobRequest {
  /** Model name (`duckling`), CID or 32-byte model id. */
  model: string
  messages: readonly ChatMessage[]
  /** Tokens of the answer at most; 256 when left out, fewer when the context is shorter. */
  maxTokens?: number
  sampling?: Partial<Sampling>
  stop?: readonly string[]
  /** 32 bytes of hex; random when left out. */
  seed?: Hex
  /** Most wei the whole job may cost; 1 DUCK when left out. */
  maxPrice?: bigint
  /** Time from now until the job must be done, ms; 120 000 when left out. */
  timeoutMs?: number
  /** Owner addresses that must not serve it. */
  exclude?: readonly Hex[]
}

export interface JobOptions {
  /** Aborting cancels the job; generation and payment stop within a step. */
  signal?: AbortSignal
}

export const DEFAULT_MAX_TOKENS = 256
export const DEFAULT_MAX_PRICE: bigint = 10n ** 18n
export const DEFAULT_TIMEOUT_MS = 120_000

/** Greedy and without penalties: the same request gives the same answer. */
export const DEFAULT_SAMPLING: Sampling = {
  temperature: 0,
  topP: 1,
  topK: 0,
  minP: 0,
  repetitionPenalty: 1,
  logitBias: [],
}
