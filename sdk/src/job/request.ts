/** What a caller asks for, its limits and its defaults. */
import type { ChatMessage, Hex, NumberTask, Sampling } from '@duckmesh/protocols'

/** How a provider is found: by a sealed-bid auction of the elected seats, or from signed offers without any. */
export type Lane = 'auction' | 'direct'

/** `reference`: one provider, streaming. `redundant`: several compute it, nobody sees a text before all committed. */
export type Verification = 'reference' | 'redundant'

/** One inference request; the seed makes the answer reproducible. */
export interface JobRequest {
  /** Model name (`duckling`), CID or 32-byte model id. */
  model: string
  messages: readonly ChatMessage[]
  /** What is asked of the model; a chat when left out. With a task the messages are empty. */
  task?: NumberTask
  /** What is embedded or classified, at most 256. */
  texts?: readonly string[]
  /** Numbers for each text that the caller counts on; a model that gives others is refused. */
  width?: number
  /** Tokens of the answer at most; 256 when left out, fewer when the context is shorter. */
  maxTokens?: number
  sampling?: Partial<Sampling>
  stop?: readonly string[]
  /** `json`: the answer is one JSON object, or the beginning of one when it ends by length; text when left out. */
  format?: 'json'
  /** 32 bytes of hex; random when left out. */
  seed?: Hex
  /** Most wei the whole job may cost, all replicas and failovers included; 1 DUCK when left out. */
  maxPrice?: bigint
  /** Time from now until the job must be done, ms; 120 000 when left out. */
  timeoutMs?: number
  /** Owner addresses that must not serve it, 64 at most. */
  exclude?: readonly Hex[]
  /** `auction` when left out; when no seat answers a reference job goes the direct lane all the same. */
  lane?: Lane
  /** `reference` when left out. */
  verification?: Verification
  /** Providers of a redundant job, 1 to 16; 3 when left out. */
  replicas?: number
}

export interface JobOptions {
  /** Aborting cancels the job; generation and payment stop within a step. */
  signal?: AbortSignal
}

export const DEFAULT_MAX_TOKENS = 256
export const DEFAULT_MAX_PRICE: bigint = 10n ** 18n
export const DEFAULT_TIMEOUT_MS = 120_000
export const DEFAULT_REPLICAS = 3

/** Providers left out of one auction: the limit of its proof on the wire. */
export const MAX_EXCLUDED = 64

/** Most members of a redundant job. */
export const MAX_REPLICAS = 16

/** Greedy and without penalties: the same request gives the same answer. */
export const DEFAULT_SAMPLING: Sampling = {
  temperature: 0,
  topP: 1,
  topK: 0,
  minP: 0,
  repetitionPenalty: 1,
  logitBias: [],
}
