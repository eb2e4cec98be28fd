/** The body of `POST /v1/chat/completions`: what is served, what is ignored, what is refused and why. */
import type { ChatCompletionRequest } from '@duckmesh/sdk'
import { z } from 'zod'
import { maybe, meshFields, readBody } from './body-schema.ts'
import { chatMessage } from './chat-message.ts'
import { emptyList, only } from './harmless.ts'

const duckmesh = z.strictObject({
  ...meshFields,
  topK: maybe(z.int().min(0)),
  minP: maybe(z.number().min(0).max(1)),
  repetitionPenalty: maybe(z.number()),
})

/** Served: each changes the answer as OpenAI says. */
const served = {
  model: z.string().min(1),
  messages: z.array(chatMessage).min(1),
  stream: maybe(z.boolean()),
  stream_options: maybe(z.object({ include_usage: maybe(z.boolean()) })),
  max_tokens: maybe(z.int().min(1)),
  max_completion_tokens: maybe(z.int().min(1)),
  temperature: maybe(z.number().min(0).max(2)),
  top_p: maybe(z.number().min(0).max(1)),
  stop: maybe(z.union([z.string(), z.array(z.string())], 'expected a string or a list of strings')),
  seed: maybe(z.union([z.int(), z.string()], 'expected a whole number, or text for longer ones')),
  logit_bias: maybe(z.record(z.string(), z.number())),
  response_format: maybe(
    z
      .looseObject({ type: z.string() })
      .refine(({ type }) => type === 'text' || type === 'json_object', {
        error: '{"type": "json_object"} and {"type": "text"} are supported',
      }),
  ),
  duckmesh: maybe(duckmesh),
}

/** Served with the value that asks for nothing, refused with any other. */
const refused = {
  n: only(1),
  frequency_penalty: only(0),
  presence_penalty: only(0),
  logprobs: only(false),
  top_logprobs: only(0),
  tools: emptyList,
  functions: emptyList,
  tool_choice: only('none', 'auto'),
  function_call: only('none', 'auto'),
  modalities: z.array(z.literal('text', 'only text can be written')).nullable().optional(),
  reasoning_effort: only('none'),
  verbosity: only('medium'),
  prediction: only(),
  audio: only(),
  web_search_options: only(),
}

/** Ignored: they say nothing about the answer. */
const ignored = {
  parallel_tool_calls: z.unknown().optional(),
  user: z.unknown().optional(),
  metadata: z.unknown().optional(),
  store: z.unknown().optional(),
  service_tier: z.unknown().optional(),
  safety_identifier: z.unknown().optional(),
  prompt_cache_key: z.unknown().optional(),
  prompt_cache_retention: z.unknown().optional(),
}

const body = z.strictObject({ ...served, ...refused, ...ignored })

export interface ChatRequest {
  request: ChatCompletionRequest
  stream: boolean
  includeUsage: boolean
}

/** Reads a request body. Throws SPEC_INVALID with the parameter in `details.field`. */
export function parseChatRequest(value: unknown): ChatRequest {
  const data = readBody(body, value)
  const { messages, model, stream = false, stream_options: options } = data
  const request: ChatCompletionRequest = {
    model,
    messages,
    ...given('max_tokens', data.max_tokens),
    ...given('max_completion_tokens', data.max_completion_tokens),
    ...given('temperature', data.temperature),
    ...given('top_p', data.top_p),
    ...given('stop', data.stop),
    ...given('seed', data.seed),
    ...given('logit_bias', data.logit_bias),
    ...(data.response_format?.type === 'json_object'
      ? { response_format: { type: 'json_object' as const } }
      : {}),
    ...given('duckmesh', data.duckmesh as ChatCompletionRequest['duckmesh']),
  }
  return { request, stream, includeUsage: options?.include_usage === true }
}

function given<K extends string, V>(name: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [name]: value } as { [P in K]: V })
}
