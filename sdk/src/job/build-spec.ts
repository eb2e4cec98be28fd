/** Checks a request and turns it into the spec that is sealed to the provider. */
import { DuckMeshError, bytesToHex } from '@duckmesh/protocols'
import type { JobSpec, Rng } from '@duckmesh/protocols'
import { saltSpec } from '@duckmesh/protocols/dispatch'
import type { SaltedSpec } from '@duckmesh/protocols/dispatch'
import { sizeBucket } from '@duckmesh/protocols/market'
import { checkRequest } from './check-request.ts'
import { DEFAULT_MAX_TOKENS, DEFAULT_SAMPLING } from './request.ts'
import type { JobRequest } from './request.ts'

/** Tokens a chat template may add around one message; byte-level tokenizers need at most one a byte besides. */
const TEMPLATE_TOKENS = 8

/**
 * Builds the spec, random seed included. Throws PROMPT_EMPTY or SPEC_INVALID; the ranges of sampling
 * numbers, roles and stop strings are checked when the spec is encoded.
 */
export function buildSpec(request: JobRequest, rng: Rng): JobSpec {
  const { format, maxTokens = DEFAULT_MAX_TOKENS, messages, stop = [], seed } = request
  const { task, texts = [] } = request
  const isEmpty =
    task === undefined
      ? !messages.some((message) => message.content.trim() !== '')
      : texts.length === 0 || texts.includes('')
  if (isEmpty) {
    throw new DuckMeshError('PROMPT_EMPTY', 'The prompt is empty, or a text of it.')
  }
  checkRequest(request)
  return {
    messages: messages.map(({ role, content }) => ({ role, content })),
    sampling: { ...DEFAULT_SAMPLING, ...request.sampling },
    maxTokens,
    stop: [...stop],
    seed: seed ?? bytesToHex(rng.bytes(32)),
    ...(format === undefined ? {} : { format }),
    ...(task === undefined ? {} : { task, texts: [...texts] }),
  }
}

/**
 * Upper bound of the prompt's tokens as a bucket. A client needs no tokenizer: a byte-level vocabulary
 * never needs more tokens than bytes, and what the bucket has too much comes back as credit.
 */
export function promptBucket(spec: JobSpec): number {
  const encoder = new TextEncoder()
  const bytes = spec.messages.reduce(
    (sum, { role, content }) => sum + encoder.encode(role + content).length + TEMPLATE_TOKENS,
    0,
  )
  return sizeBucket(bytes)
}

/**
 * Lowers a default maxTokens to what the context leaves; an explicit one that cannot fit is refused.
 * Throws PROMPT_TOO_LONG.
 */
export function fitToContext(spec: JobSpec, contextLength: number, explicit: boolean): JobSpec {
  // A prompt has at least one token.
  const room = contextLength - 1
  if (spec.maxTokens <= room) return spec
  if (!explicit && room >= 1) return { ...spec, maxTokens: room }
  throw new DuckMeshError('PROMPT_TOO_LONG', `maxTokens ${spec.maxTokens} exceeds the context.`, {
    details: { maxTokens: spec.maxTokens, contextLength },
  })
}

/** Encodes and salts the spec. Throws SPEC_INVALID with the field, or PROMPT_TOO_LONG above 128 KiB. */
export function encodeSpec(spec: JobSpec, rng: Rng): SaltedSpec {
  try {
    return saltSpec(spec, rng)
  } catch (cause) {
    throw specError(cause)
  }
}

function specError(cause: unknown): DuckMeshError {
  const message = cause instanceof Error ? cause.message : String(cause)
  const { code, field } = partsOf(cause)
  const isTooLong = code === 'FIELD_OUT_OF_RANGE' && field.endsWith('.content')
  if (isTooLong || code === 'FRAME_TOO_LARGE') {
    return new DuckMeshError('PROMPT_TOO_LONG', `${message}.`, { cause, details: { field } })
  }
  return new DuckMeshError('SPEC_INVALID', `${message}.`, { cause, details: { field } })
}

/** What an error of the codec carries besides its message. */
function partsOf(cause: unknown): { code: string; field: string } {
  const { code = '', field = 'spec' } = cause as { code?: string; field?: string }
  return { code, field }
}
