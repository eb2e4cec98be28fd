/** What a request is told that gets no answer: an error, or that the path does not exist. */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { RETRY_AFTER_S } from './constants.ts'
import { httpErrorOf } from './http-error.ts'
import type { GatewayComponents } from './interface.ts'

/** Nothing is paid yet when an error gets here: the chat route answers all that comes later. */
export async function answerError(
  error: unknown,
  { id, method, url }: FastifyRequest,
  reply: FastifyReply,
  { logger }: Pick<GatewayComponents, 'logger'>,
): Promise<FastifyReply> {
  const refused = refusalOf(error as Partial<FastifyError>)
  if (refused !== undefined) return reply.code(refused.status).send(refused.body)
  const { body, status } = httpErrorOf(error, false)
  if (status === 500) logger.warn('gateway.failed', { requestId: id, method, url, error })
  if (status === 503) reply.header('retry-after', `${RETRY_AFTER_S}`)
  return reply.code(status).send(body)
}

/** What the server itself refuses: a body that is too long, no JSON, or of another type. */
function refusalOf({
  message = '',
  statusCode = 500,
}: Partial<FastifyError>): { status: number; body: object } | undefined {
  if (statusCode >= 500) return undefined
  const hint =
    statusCode === 415 ? ' Send JSON with the header content-type: application/json.' : ''
  return { status: statusCode, body: errorBody(`${message}.${hint}`, 'body', 'spec_invalid') }
}

/** What people look for and do not find here. */
const HINTS: Readonly<Record<string, string>> = {
  '/v1/responses':
    'Use /v1/chat/completions; in the AI SDK `createOpenAICompatible`, or `.chat(model)` of `createOpenAI`.',
  '/v1/completions': 'The models here take chats: use /v1/chat/completions.',
  '/v1/embeddings': 'It takes POST.',
  '/v1/classify': 'It takes POST.',
  '/chat/completions': 'The base URL ends in /v1.',
  '/models': 'The base URL ends in /v1.',
}

const PATHS =
  'There are GET /v1/models, POST /v1/chat/completions, /v1/embeddings and /v1/classify, GET /health, /livez, /readyz and /stats.'

export function answerNotFound({ method, url }: FastifyRequest, reply: FastifyReply): FastifyReply {
  const path = url.split('?')[0] ?? ''
  const what = `${method} ${path} does not exist here. ${HINTS[path] ?? PATHS}`
  return reply.code(404).send(errorBody(what, null, 'not_found'))
}

/** OpenAI's error object for what is not in the registry. */
export function errorBody(message: string, param: string | null, code: string): object {
  return { error: { message, type: 'invalid_request_error', param, code } }
}
