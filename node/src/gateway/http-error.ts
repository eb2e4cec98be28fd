/** Errors of the registry as OpenAI-shaped HTTP errors. */
import { DuckMeshError, isErrorCode, toDuckMeshError } from '@duckmesh/protocols'
import type { ErrorCode, Stage } from '@duckmesh/protocols'

/** The error object that OpenAI's clients read. */
export interface HttpError {
  status: number
  body: {
    error: {
      message: string
      type: string
      param: string | null
      code: string
      /** Of a job that was awarded: which it was, and what was paid for it (wei). */
      duckmesh?: { jobId: string; paid: string }
    }
  }
}

/** Statuses before escrow is bound. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  SPEC_INVALID: 400,
  PROMPT_EMPTY: 400,
  PROMPT_TOO_LONG: 400,
  NOT_SUPPORTED: 400,
  PRICE_ABOVE_CAP: 400,
  FIELD_OUT_OF_RANGE: 400,
  FRAME_TOO_LARGE: 400,
  BALANCE_INSUFFICIENT: 402,
  ALLOTMENT_EXCEEDED: 402,
  UNFUNDED: 402,
  BUDGET: 402,
  MODEL_NOT_FOUND: 404,
}

/** Stages whose lasting failures are this node's own: its configuration, its store, its chain. */
const OWN: ReadonlySet<Stage> = new Set(['config', 'start', 'store', 'chain'])

/** What clients retry by themselves, three times and without asking (measured with openai and the AI SDK). */
const RETRIED: ReadonlySet<number> = new Set([408, 409, 429, 500, 502, 503, 504])

const TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  402: 'insufficient_quota',
  404: 'invalid_request_error',
  422: 'job_failed',
  424: 'job_failed',
}

/**
 * The answer to a failure. The money rule (DESIGN §11): once escrow is bound no status is one that clients
 * retry by themselves, because each retry would be another paid job.
 *
 * @param bound whether anything was paid or may be
 */
export function httpErrorOf(thrown: unknown, bound: boolean): HttpError {
  const error = underlying(toDuckMeshError(thrown))
  const before = statusOf(error)
  const status = bound && RETRIED.has(before) ? 424 : before
  return { status, body: bodyOf(error, status) }
}

/** When all providers declined for the same lasting reason, that is what the caller must change. */
function underlying(error: DuckMeshError): DuckMeshError {
  const { code, details, jobId } = error
  const reasons = code === 'NO_BIDS' ? details['reasons'] : undefined
  if (!Array.isArray(reasons)) return error
  // Each is a code and how many gave it.
  const codes = reasons.map((reason) => String(reason).split(' ')[0] ?? '')
  const [only = '', ...others] = codes
  if (others.length > 0 || !isErrorCode(only) || STATUS[only] === undefined) return error
  const cause = { cause: error, details, ...(jobId === undefined ? {} : { jobId }) }
  return new DuckMeshError(only, 'Every provider that was asked declined.', cause)
}

function statusOf({ code, retryable, stage }: DuckMeshError): number {
  const listed = STATUS[code]
  if (listed !== undefined) return listed
  if (retryable) return 503
  // A lasting failure of a job is no fault of this server: the same request would fail again.
  return OWN.has(stage) ? 500 : 422
}

function bodyOf(error: DuckMeshError, status: number): HttpError['body'] {
  const { code, details, jobId, message } = error
  const type = TYPES[status] ?? 'server_error'
  // An unforeseen failure may quote what nobody outside should read.
  const text = code === 'INTERNAL' ? 'The gateway failed; its log says why.' : message
  const { paid } = details
  return {
    error: {
      message: jobId === undefined ? text : `${text} Job ${jobId}.`,
      type,
      param: paramOf(error),
      code: code.toLowerCase(),
      ...(jobId === undefined || typeof paid !== 'bigint'
        ? {}
        : { duckmesh: { jobId, paid: `${paid}` } }),
    },
  }
}

/** The parameter as OpenAI names it. */
function paramOf({ code, details }: DuckMeshError): string | null {
  const { field } = details
  if (typeof field !== 'string') {
    return 'maxTokens' in details ? 'max_tokens' : (PARAM_OF_CODE[code] ?? null)
  }
  const known = field.split(/[.[]/).map((step) => PARAMS[step])
  return known.find((name) => name !== undefined) ?? field
}

/** What is to be changed when the failure names no field. */
const PARAM_OF_CODE: Partial<Record<ErrorCode, string>> = {
  MODEL_NOT_FOUND: 'model',
  PROMPT_EMPTY: 'messages',
  PROMPT_TOO_LONG: 'messages',
  PRICE_ABOVE_CAP: 'duckmesh.maxPrice',
  BUDGET: 'duckmesh.maxPrice',
}

/** By the name of the field in a job request or its spec. */
const PARAMS: Readonly<Record<string, string | undefined>> = {
  maxTokens: 'max_tokens',
  topP: 'top_p',
  logitBias: 'logit_bias',
  temperature: 'temperature',
  seed: 'seed',
  stop: 'stop',
  maxPrice: 'duckmesh.maxPrice',
  timeoutMs: 'duckmesh.timeoutMs',
  topK: 'duckmesh.topK',
  minP: 'duckmesh.minP',
  repetitionPenalty: 'duckmesh.repetitionPenalty',
  lane: 'duckmesh.lane',
  replicas: 'duckmesh.replicas',
  verification: 'duckmesh.verification',
  texts: 'input',
  width: 'dimensions',
}

/** A mistake in the request itself. */
export function requestError(what: string, param: string): DuckMeshError {
  return new DuckMeshError('SPEC_INVALID', what, { details: { field: param } })
}
