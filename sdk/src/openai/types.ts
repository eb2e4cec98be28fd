/** The part of OpenAI's shapes that the mesh serves, and vLLM's of classifications. */

export interface ChatCompletionRequest {
  model: string
  messages: readonly { role: string; content: string }[]
  max_tokens?: number
  max_completion_tokens?: number
  temperature?: number
  top_p?: number
  stop?: string | readonly string[]
  /** `json_object`: the answer is one JSON object. Schemas are not supported. */
  response_format?: { type: 'text' | 'json_object' }
  /** Bias by token id, as OpenAI writes it: ids are decimal text. */
  logit_bias?: Readonly<Record<string, number>>
  /** Whole number or 32 bytes of hex; the same seed gives the same answer. */
  seed?: number | string
  stream?: boolean
  duckmesh?: DuckMeshRequest
}

/** What only DuckMesh knows; wei and ms. */
export interface DuckMeshRequest {
  maxPrice?: bigint
  timeoutMs?: number
  topK?: number
  minP?: number
  repetitionPenalty?: number
  /** `auction` when left out. */
  lane?: 'auction' | 'direct'
  /** `reference` when left out: one provider, streaming. */
  verification?: 'reference' | 'redundant'
  /** Providers of a redundant job; 3 when left out. */
  replicas?: number
}

export interface Usage {
  prompt_tokens: number
  completion_tokens: number
  total_tokens: number
}

/** What DuckMesh adds to the last chunk and to a completion; amounts are decimal strings in wei. */
export interface DuckMeshExtras {
  jobId: string
  lane: 'auction' | 'direct'
  /** Who served it, by segment. */
  providers: string[]
  paid: string
  /** Redundant jobs: whether all answers were equal; null otherwise. */
  agreed: boolean | null
}

export interface ChatCompletionChunk {
  id: string
  object: 'chat.completion.chunk'
  created: number
  model: string
  choices: {
    index: 0
    delta: { role?: 'assistant'; content?: string }
    finish_reason: 'stop' | 'length' | null
  }[]
  usage?: Usage
  duckmesh?: DuckMeshExtras
}

export interface ChatCompletion {
  id: string
  object: 'chat.completion'
  created: number
  model: string
  choices: {
    index: 0
    message: { role: 'assistant'; content: string }
    finish_reason: 'stop' | 'length' | null
  }[]
  usage: Usage
  duckmesh: DuckMeshExtras
}

export interface EmbeddingRequest extends ClassificationRequest {
  /** `base64`: little-endian float32. */
  encoding_format?: 'float' | 'base64'
  /** Refused unless it is what the model gives. */
  dimensions?: number
}

export interface ClassificationRequest {
  model: string
  input: string | readonly string[]
  duckmesh?: Pick<DuckMeshRequest, 'maxPrice' | 'timeoutMs' | 'lane' | 'verification' | 'replicas'>
}

export interface NumberUsage {
  prompt_tokens: number
  total_tokens: number
}

export interface EmbeddingResponse {
  object: 'list'
  data: { object: 'embedding'; index: number; embedding: number[] | string }[]
  model: string
  usage: NumberUsage
  duckmesh: DuckMeshExtras
}

export interface Classification {
  id: string
  object: 'list'
  created: number
  model: string
  data: { index: number; label: string; probs: number[]; num_classes: number }[]
  usage: NumberUsage
  duckmesh: DuckMeshExtras
}
