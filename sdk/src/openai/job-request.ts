/** An OpenAI-shaped request as a request of the mesh. */
import { DuckMeshError, bytesToHex, lowerHex } from '@duckmesh/protocols'
import type { Hex, Sampling } from '@duckmesh/protocols'
import type { JobRequest } from '../job/request.ts'
import type { ChatCompletionRequest, DuckMeshRequest } from './types.ts'

/** Throws SPEC_INVALID for a format, a seed or a bias that cannot be kept exactly; the rest is checked by `submitJob`. */
export function toJobRequest(request: ChatCompletionRequest): JobRequest {
  const { model, messages, duckmesh, stop } = request
  const maxTokens = request.max_completion_tokens ?? request.max_tokens
  const seed = seedOf(request.seed)
  const format = formatOf(request.response_format)
  return {
    model,
    messages,
    sampling: samplingOf(request),
    ...(maxTokens === undefined ? {} : { maxTokens }),
    ...(stop === undefined ? {} : { stop: typeof stop === 'string' ? [stop] : stop }),
    ...(format === undefined ? {} : { format }),
    ...(seed === undefined ? {} : { seed }),
    ...meshPart(duckmesh),
  }
}

/** What only DuckMesh knows, of any kind of request. */
export function meshPart({
  lane,
  maxPrice,
  replicas,
  timeoutMs,
  verification,
}: DuckMeshRequest = {}): Partial<JobRequest> {
  return {
    ...(maxPrice === undefined ? {} : { maxPrice }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(lane === undefined ? {} : { lane }),
    ...(verification === undefined ? {} : { verification }),
    ...(replicas === undefined ? {} : { replicas }),
  }
}

function formatOf({ type }: { type: string } = { type: 'text' }): 'json' | undefined {
  if (type === 'text') return undefined
  if (type === 'json_object') return 'json'
  const what = `response_format must be of type "text" or "json_object", not "${type}".`
  throw new DuckMeshError('SPEC_INVALID', what, { details: { field: 'response_format' } })
}

function samplingOf(request: ChatCompletionRequest): Partial<Sampling> {
  const { duckmesh = {}, logit_bias: bias, temperature, top_p: topP } = request
  const { minP, repetitionPenalty, topK } = duckmesh
  return {
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { topP }),
    ...(topK === undefined ? {} : { topK }),
    ...(minP === undefined ? {} : { minP }),
    ...(repetitionPenalty === undefined ? {} : { repetitionPenalty }),
    ...(bias === undefined ? {} : { logitBias: biasesOf(bias) }),
  }
}

function biasesOf(biases: Readonly<Record<string, number>>): Sampling['logitBias'] {
  return Object.entries(biases).map(([text, bias]) => {
    if (/^[0-9]{1,9}$/.test(text)) return { id: Number(text), bias }
    throw new DuckMeshError('SPEC_INVALID', 'logit_bias names tokens by their ids.', {
      details: { field: 'logit_bias' },
    })
  })
}

/**
 * OpenAI's seeds are whole numbers of 64 bits, also negative; here they become 32 bytes big-endian. Throws
 * SPEC_INVALID for anything else: a seed that is rounded or cut would not give the same answer again.
 */
function seedOf(seed: number | string | undefined): Hex | undefined {
  if (seed === undefined) return undefined
  if (typeof seed === 'string' && /^0x[0-9a-f]{64}$/i.test(seed)) return lowerHex(seed)
  const whole = typeof seed === 'string' ? /^-?[0-9]{1,19}$/.test(seed) : Number.isSafeInteger(seed)
  const value = whole ? BigInt(seed) : undefined
  if (value === undefined || BigInt.asIntN(64, value) !== value) {
    const what = 'seed must be a whole number of 64 bits or 32 bytes of hex.'
    throw new DuckMeshError('SPEC_INVALID', what, { details: { field: 'seed' } })
  }
  const bytes = new Uint8Array(32)
  new DataView(bytes.buffer).setBigInt64(24, value)
  return bytesToHex(bytes)
}
