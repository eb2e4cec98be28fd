/** The part of OpenAI's chat completion shapes that the mesh serves. */

export interface ChatCompletionRequest {
  model: string
  messages: readonly { role: string; content: string }[]
  max_tokens?: number
  max_completion_tokens?: number
  temperature?: number
  top_p?: number
  stop?: string | readonly string[]
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
