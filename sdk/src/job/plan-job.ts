/** A request after its checks, with everything that the order will sign. */
import { lowerHex } from '@duckmesh/protocols'
import type { Clock, Hex, JobSpec, ModelOffer, Rng } from '@duckmesh/protocols'
import { MODE_REDUNDANT, MODE_REFERENCE } from '@duckmesh/protocols/dispatch'
import type { SaltedSpec } from '@duckmesh/protocols/dispatch'
import { sizeBucket } from '@duckmesh/protocols/market'
import { encodeSpec, fitToContext, promptBucket } from './build-spec.ts'
import { DEFAULT_MAX_PRICE, DEFAULT_REPLICAS, DEFAULT_TIMEOUT_MS } from './request.ts'
import type { JobRequest, Lane } from './request.ts'

export interface JobDraft {
  spec: SaltedSpec
  modelId: Hex
  /** Prompt tokens at most, a power of two. */
  inBucket: number
  maxTokens: number
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

/** `asked` is the request as `buildSpec` made it. Throws SPEC_INVALID or PROMPT_TOO_LONG. */
export function planJob(
  { clock, rng }: { clock: Pick<Clock, 'now'>; rng: Rng },
  request: JobRequest,
  asked: JobSpec,
  model: ModelOffer,
): JobDraft {
  const spec = fitToContext(asked, model.contextLength, request.maxTokens !== undefined)
  const isRedundant = request.verification === 'redundant'
  const endMs = clock.now() + (request.timeoutMs ?? DEFAULT_TIMEOUT_MS)
  return {
    spec: encodeSpec(spec, rng),
    modelId: model.modelId,
    inBucket: Math.min(promptBucket(spec), sizeBucket(model.contextLength)),
    maxTokens: spec.maxTokens,
    maxPrice: request.maxPrice ?? DEFAULT_MAX_PRICE,
    deadline: Math.ceil(endMs / 1000),
    mode: isRedundant ? MODE_REDUNDANT : MODE_REFERENCE,
    replicas: isRedundant ? (request.replicas ?? DEFAULT_REPLICAS) : 1,
    lane: request.lane ?? 'auction',
    exclude: request.exclude?.map(lowerHex) ?? [],
  }
}
