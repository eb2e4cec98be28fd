/** A request after its checks, with everything that the order will sign. */
import { DuckMeshError, isTextModel, lowerHex } from '@duckmesh/protocols'
import type { Clock, Hex, JobSpec, ModelOffer, NumberModel, Rng } from '@duckmesh/protocols'
import { MODE_REDUNDANT, MODE_REFERENCE, textPromptTokens } from '@duckmesh/protocols/dispatch'
import type { SaltedSpec } from '@duckmesh/protocols/dispatch'
import { sizeBucket } from '@duckmesh/protocols/market'
import { encodeSpec, fitToContext, promptBucket } from './build-spec.ts'
import { planNumbers } from './plan-numbers.ts'
import { DEFAULT_MAX_PRICE, DEFAULT_REPLICAS, DEFAULT_TIMEOUT_MS } from './request.ts'
import type { JobRequest, Lane } from './request.ts'

export interface JobDraft {
  spec: SaltedSpec
  modelId: Hex
  /** Prompt tokens at most, a power of two. */
  inBucket: number
  maxTokens: number
  /** Present when the answer is numbers: then maxTokens counts them. */
  numbers?: NumberModel
  /** Wei. */
  maxPrice: bigint
  /** Unix seconds. */
  deadline: number
  mode: typeof MODE_REDUNDANT | typeof MODE_REFERENCE
  replicas: number
  lane: Lane
  /** Owner addresses, lower-case. */
  exclude: readonly Hex[]
}

/** `asked` is the request as `buildSpec` made it. Throws SPEC_INVALID, PROMPT_TOO_LONG or NOT_SUPPORTED. */
export function planJob(
  { clock, rng }: { clock: Pick<Clock, 'now'>; rng: Rng },
  request: JobRequest,
  asked: JobSpec,
  model: ModelOffer,
): JobDraft {
  const { inBucket, spec, ...numbers } =
    planNumbers(request, asked, model) ?? planChat(request, asked, model)
  const isRedundant = request.verification === 'redundant'
  if (isRedundant) demandComparable(model)
  const endMs = clock.now() + (request.timeoutMs ?? DEFAULT_TIMEOUT_MS)
  return {
    spec: encodeSpec(spec, rng),
    modelId: model.modelId,
    inBucket,
    maxTokens: spec.maxTokens,
    ...numbers,
    maxPrice: request.maxPrice ?? DEFAULT_MAX_PRICE,
    deadline: Math.ceil(endMs / 1000),
    mode: isRedundant ? MODE_REDUNDANT : MODE_REFERENCE,
    replicas: isRedundant ? (request.replicas ?? DEFAULT_REPLICAS) : 1,
    lane: request.lane ?? 'auction',
    exclude: request.exclude?.map(lowerHex) ?? [],
  }
}

function planChat(
  { maxTokens }: JobRequest,
  asked: JobSpec,
  model: ModelOffer,
): Pick<JobDraft, 'inBucket'> & { spec: JobSpec } {
  const spec = fitToContext(asked, model.contextLength, maxTokens !== undefined)
  return { spec, inBucket: Math.min(bucketOf(spec, model), sizeBucket(model.contextLength)) }
}

/** The tokens of a text model are counted from the text, by the client too (rule T-4). */
function bucketOf(spec: JobSpec, { modelId }: ModelOffer): number {
  if (!isTextModel(modelId)) return promptBucket(spec)
  return sizeBucket(textPromptTokens(spec.messages, 0))
}

/**
 * Answers of an opaque model differ by machine, so that unequal ones would prove nothing (rule T-6), and so do the last
 * bits of numbers (rule N-8).
 */
function demandComparable({ determinism, modelId, name, numbers }: ModelOffer): void {
  if (numbers !== undefined) {
    throw new DuckMeshError('NOT_SUPPORTED', 'Numbers of several providers are not compared.', {
      details: { field: 'verification', task: numbers.task },
    })
  }
  if (determinism === 'f32' && !isTextModel(modelId)) return
  throw new DuckMeshError('NOT_SUPPORTED', `"${name}" is opaque: its answers cannot be compared.`, {
    details: { field: 'verification', determinism: 'opaque' },
  })
}
