/** What the OpenAI backend is told, and what an endpoint's stream comes down to. */

/** A model behind an endpoint that speaks OpenAI's chat API, as the provider configured it. */
export interface RemoteModelSettings {
  /** Where the API begins, e.g. `http://127.0.0.1:8000/v1`, without a slash at its end. */
  readonly url: string
  /** What the endpoint calls the model. */
  readonly model: string
  /** What the mesh calls it: providers of one name serve one model (rule T-1). */
  readonly name: string
  readonly apiKey?: string | undefined
  /** Tokens of prompt and answer together, counted as the mesh counts them (rule T-2). */
  readonly contextLength: number
  /** Answers at once. */
  readonly slots: number
  /** `openai`: temperature, top_p and seed; `extended`: also top_k, min_p and repetition_penalty. */
  readonly samplers: 'openai' | 'extended'
  /** The field that limits the answer; newer models of OpenAI take another one than all other servers. */
  readonly tokenLimit: 'max_tokens' | 'max_completion_tokens'
  /** How the endpoint goes on with a half answer, if it can (rule T-5). */
  readonly continuation: 'none' | 'prefill' | 'continue_final_message'
  /** Wei per 1 000 tokens; what the provider asks for its other models when left out. */
  readonly priceIn?: bigint | undefined
  readonly priceOut?: bigint | undefined
}

/** What an endpoint's stream says, piece by piece. */
export type StreamPart =
  | { readonly type: 'text'; readonly text: string }
  /** It works without telling: the role of the answer, or what a model thinks before it answers. */
  | { readonly type: 'quiet' }
  | { readonly type: 'finish'; readonly reason: 'stop' | 'length' }
  /** The endpoint's own count. */
  | { readonly type: 'usage'; readonly promptTokens: number; readonly completionTokens: number }

/** The body of a chat request. */
export type ChatBody = Readonly<Record<string, unknown>>

/** An endpoint as generations and probes use it. */
export interface Endpoint {
  /** Names of its models. Rejects with BACKEND_UNREACHABLE, BACKEND_FAILED, PROVIDER_BUSY or TIMED_OUT. */
  models(signal: AbortSignal): Promise<string[]>
  /**
   * One streamed answer. Nothing is read ahead of what is taken; leaving the iteration, or the signal, ends the request.
   * Throws as `models`, and SPEC_INVALID or MODEL_NOT_FOUND.
   */
  chat(body: ChatBody, signal: AbortSignal): AsyncGenerator<StreamPart, void, void>
}
