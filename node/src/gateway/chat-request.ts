/** The body of `POST /v1/chat/completions`: what is served, what is ignored, what is refused and why. */
import type { ChatCompletionRequest } from '@duckmesh/sdk'
import { z } from 'zod'
import { chatMessage } from './chat-message.ts'
import { emptyList, only, plainText } from './harmless.ts'
import { requestError } from './http-error.ts'

/** 2^96 - 1 has 29 digits. */
const MAX_AMOUNT_DIGITS = 29

/** `null` stands for a parameter that was left out, as in OpenAI's own clients. */
function maybe<T extends z.ZodType>(schema: T): z.ZodType<z.output<T> | undefined> {
  return z.preprocess((value) => value ?? undefined, schema.optional())
}

const duckmesh = z.strictObject({
  maxPrice: maybe(
    z
      .string()
      .regex(new RegExp(`^[0-9]{1,${MAX_AMOUNT_DIGITS}}$`), 'expected wei as decimal digits')
      .transform(BigInt),
  ),
  timeoutMs: maybe(z.int().min(1)),
  topK: maybe(z.int().min(0)),
  minP: maybe(z.number().min(0).max(1)),
  repetitionPenalty: maybe(z.number()),
  lane: maybe(z.enum(['auction', 'direct'])),
  verification: maybe(z.enum(['reference', 'redundant'])),
  replicas: maybe(z.int().min(1).max(16)),
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
  response_format: plainText,
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
  const parsed = body.safeParse(value)
  if (!parsed.success) throw firstMistake(parsed.error)
  const { data } = parsed
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
    ...given('duckmesh', data.duckmesh as ChatCompletionRequest['duckmesh']),
  }
  return { request, stream, includeUsage: options?.include_usage === true }
}

function given<K extends string, V>(name: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [name]: value } as { [P in K]: V })
}

type Issue = z.core.$ZodIssue

function firstMistake({ issues }: z.ZodError): Error {
  const [first] = issues
  if (first === undefined) return requestError('The body is not a chat request.', 'body')
  const issue = innermost(first)
  const unknown = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined
  const param = nameOf([...issue.path, ...(unknown === undefined ? [] : [unknown])])
  const what = unknown === undefined ? issue.message : 'is not known to this gateway'
  return requestError(`${param}: ${what}.`, param)
}

/** Of the ways a value fits no alternative, the one that goes deepest says what was meant. */
function innermost(issue: Issue): Issue {
  if (issue.code !== 'invalid_union') return issue
  const inner = issue.errors.flat().filter(({ path }) => path.length > 0)
  const [deepest] = inner.sort((a, b) => b.path.length - a.path.length)
  if (deepest === undefined) return issue
  return innermost({ ...deepest, path: [...issue.path, ...deepest.path] })
}

/** A parameter as OpenAI writes it: `messages[0].content`. */
function nameOf(path: readonly PropertyKey[]): string {
  const steps = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
  return steps.join('').replace(/^\./, '') || 'body'
}
