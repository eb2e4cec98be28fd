import { EngineError } from '../errors.ts'
import type { GenerationRequest } from '../interface.ts'
import { checkSamplerParams } from '../sampler/check-sampler-params.ts'
import type { ChatTokenizer } from '../text/chat-tokenizer.ts'

const MAX_MESSAGES = 1024
const MAX_STOPS = 16
const MAX_STOP_CHARS = 256
const MAX_CLIENT_CHARS = 128

/** What a request is measured against. */
export interface RequestLimits {
  /** Tokens of prompt and completion together. */
  readonly contextLength: number
  readonly vocabSize: number
}

/**
 * Checks a request and tokenises its messages. The text is measured before it is tokenised, so an
 * oversized prompt costs nothing. Throws PROMPT_EMPTY, PROMPT_TOO_LONG, REQUEST_INVALID,
 * CHAT_TEMPLATE_FAILED.
 * @returns the prompt's token ids
 */
export function encodeRequest(
  request: GenerationRequest,
  tokenizer: ChatTokenizer,
  limits: RequestLimits,
): number[] {
  checkShape(request, limits.vocabSize)
  checkSamplerParams(request.sampler, limits.vocabSize)
  const chars = request.messages.reduce((sum, { content }) => sum + content.length, 0)
  const atLeast = Math.ceil(chars / tokenizer.longestToken) + request.prefixIds.length
  if (atLeast >= limits.contextLength) throw tooLong(atLeast, limits.contextLength)
  const ids = tokenizer.encodeChat(request.messages)
  const tokens = ids.length + request.prefixIds.length
  if (tokens >= limits.contextLength) throw tooLong(tokens, limits.contextLength)
  return ids
}

function checkShape(request: GenerationRequest, vocabSize: number): void {
  const { messages, prefixIds, maxTokens, stop } = request
  if (messages.every(({ content }) => content.trim() === '')) throw empty()
  demand(messages.length <= MAX_MESSAGES, 'messages', `at most ${MAX_MESSAGES}`)
  const rolesKnown = messages.every(({ role }) => /^[a-z_]{1,32}$/.test(role))
  demand(rolesKnown, 'messages', 'of roles in lower-case letters, such as user or assistant')
  demand(Number.isSafeInteger(maxTokens) && maxTokens >= 0, 'maxTokens', 'a whole number from 0')
  const idsKnown = prefixIds.every((id) => Number.isInteger(id) && id >= 0 && id < vocabSize)
  demand(idsKnown, 'prefixIds', 'token ids of the model')
  const stopsFit = stop.every((text) => text.length > 0 && text.length <= MAX_STOP_CHARS)
  const stopRange = `at most ${MAX_STOPS} strings of 1 to ${MAX_STOP_CHARS} characters`
  demand(stop.length <= MAX_STOPS && stopsFit, 'stop', stopRange)
  const formatKnown = [undefined, 'text', 'json'].includes(request.format)
  demand(formatKnown, 'format', 'text or json')
  const clientFits = (request.client ?? '').length <= MAX_CLIENT_CHARS
  demand(clientFits, 'client', `at most ${MAX_CLIENT_CHARS} characters`)
}

function demand(holds: boolean, field: string, range: string): void {
  if (holds) return
  const message = `The field ${field} must be ${range}. Change it and send again.`
  throw new EngineError('REQUEST_INVALID', message, { field })
}

function empty(): EngineError {
  return new EngineError(
    'PROMPT_EMPTY',
    'The prompt is empty. Send at least one message with text.',
  )
}

function tooLong(tokens: number, contextLength: number): EngineError {
  const message =
    `The prompt has at least ${tokens} tokens; the model takes ${contextLength - 1} and needs room ` +
    'for one more. Shorten the conversation.'
  return new EngineError('PROMPT_TOO_LONG', message, { tokens, limit: contextLength - 1 })
}
