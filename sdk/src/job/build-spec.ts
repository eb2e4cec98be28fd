/** Checks a request and turns it into the spec that is sealed to the provider. */
import { DuckMeshError, bytesToHex } from '@duckmesh/protocols'
import type { JobSpec, Rng } from '@duckmesh/protocols'
import { sizeBucket } from '@duckmesh/protocols/market'
import { DEFAULT_MAX_TOKENS, DEFAULT_SAMPLING } from './request.ts'
import type { JobRequest } from './request.ts'

/** Tokens a chat template may add around one message; byte-level tokenizers need at most one a byte besides. */
const TEMPLATE_TOKENS = 8

/**
 * Builds the spec, random seed included. Throws PROMPT_EMPTY or SPEC_INVALID; the wire codec checks the
 * ranges of every number again when the spec is encoded.
 */
export function buildSpec(request: JobRequest, rng: Rng): JobSpec {
  const { messages, stop = [], seed } = request
  const maxTokens = request.maxTokens ?? DEFAULT_MAX_TOKENS
  if (!messages.some((message) => message.content.trim() !== '')) {
    throw new DuckMeshError('PROMPT_EMPTY', 'The prompt is empty.')
  }
  if (!Number.isInteger(maxTokens) || maxTokens < 1) {
    throw new DuckMeshError('SPEC_INVALID', `maxTokens is ${maxTokens}, not a whole number from 1.`, {
      details: { field: 'maxTokens' },
    })
  }
  return {
    messages: messages.map(({ role, content }) => ({ role, content })),
    sampling: { ...DEFAULT_SAMPLING, ...request.sampling },
    maxTokens,
    stop: [...stop],
    seed: seed ?? bytesToHex(rng.bytes(32)),
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

/** Lowers a default maxTokens to what the context leaves; an explicit one that cannot fit is refused. */
export function fitToContext(
  spec: JobSpec,
  contextLength: number,
  explicit: boolean,
): JobSpec {
  const room = contextLength - 1
  if (spec.maxTokens <= room) return spec
  if (!explicit) return { ...spec, maxTokens: room }
  throw new DuckMeshError('PROMPT_TOO_LONG', `maxTokens ${spec.maxTokens} exceeds the context.`, {
    details: { maxTokens: spec.maxTokens, contextLength },
  })
}
