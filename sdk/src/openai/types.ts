/** The part of OpenAI's chat completion shapes that the mesh serves. */

export interface ChatCompletionRequest {
  model: string
  messages: readonly { role: string; content: string }[]
  max_tokens?: number
  max_completion_tokens?: number
  temperature?: number
  top_p?: number
  stop?: string | readonly string[]
  /** Whole number or 32 bytes of hex; the same seed gives the same answer. */
  seed?: number | string
  stream?: boolean
  /** What only DuckMesh knows; wei and ms. */
  duckmesh?: { maxPrice?: bigint; timeoutMs?: number; topK?: number; minP?: number }
}

export interface Usage {
  prompt_tokens: number
  completion_tokens: number
  total_tokens: number
}

/** What DuckMesh adds to the last chunk and to a completion; amounts are decimal strings in wei. */
export interface DuckMeshExtras {
  jobId: string
  provider: string
  paid: string
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
