/** The engine behind the port that dispatch uses; translates specs and error codes. */
import { DuckMeshError, hexToBytes } from '@duckmesh/protocols'
import type { ErrorCode, Hex, JobSpec } from '@duckmesh/protocols'
import type {
  OpenGeneration,
  StepEngine,
  StepFinish,
  TokenGroup,
} from '@duckmesh/protocols/dispatch'
import { EngineError } from '../engine/index.ts'
import type { Engine, EngineErrorCode, Generation, GenerationRequest } from '../engine/index.ts'
import { openNumbers } from './number-generation.ts'

/** Engine codes that the registry names otherwise; the rest is ENGINE_FAILED. */
const CODES: Partial<Record<EngineErrorCode, ErrorCode>> = {
  CANCELLED: 'CANCELLED',
  CHAT_TEMPLATE_FAILED: 'SPEC_INVALID',
  DEVICE_UNAVAILABLE: 'DEVICE_UNAVAILABLE',
  ENGINE_BUSY: 'ENGINE_BUSY',
  ENGINE_CRASHED: 'ENGINE_CRASHED',
  ENGINE_STOPPED: 'SHUTTING_DOWN',
  MODEL_CORRUPT: 'MODEL_CORRUPT',
  MODEL_PACK_MISMATCH: 'MODEL_CORRUPT',
  MODEL_MANIFEST_INVALID: 'MODEL_CORRUPT',
  MODEL_SELF_TEST_FAILED: 'MODEL_SELF_TEST_FAILED',
  MODEL_UNAVAILABLE: 'ENGINE_CRASHED',
  PROMPT_EMPTY: 'PROMPT_EMPTY',
  PROMPT_TOO_LONG: 'PROMPT_TOO_LONG',
  REQUEST_INVALID: 'SPEC_INVALID',
  UNKNOWN_MODEL: 'MODEL_NOT_FOUND',
}

/** What the port uses of an engine. */
export type StepEngineSource = Pick<Engine, 'models' | 'open' | 'openEncoding'>

export class LocalStepEngine implements StepEngine {
  readonly #engine: StepEngineSource

  constructor(engine: StepEngineSource) {
    this.#engine = engine
  }

  async open(
    modelId: Hex,
    spec: JobSpec,
    prefixIds: readonly number[],
    signal: AbortSignal,
    payer: Hex,
  ): Promise<OpenGeneration> {
    try {
      if (spec.task !== undefined) {
        const asked = { modelId, task: spec.task, spec, delivered: prefixIds.length, payer }
        return generationPort(await openNumbers(this.#engine, asked, signal))
      }
      const request = requestOf(spec, prefixIds, payer)
      return generationPort(await this.#engine.open(modelId, request, signal))
    } catch (error) {
      throw registered(error)
    }
  }
}

function requestOf(spec: JobSpec, prefixIds: readonly number[], client: Hex): GenerationRequest {
  const { logitBias, ...sampling } = spec.sampling
  return {
    client,
    messages: spec.messages,
    prefixIds,
    maxTokens: spec.maxTokens,
    stop: spec.stop,
    ...(spec.format === undefined ? {} : { format: spec.format }),
    sampler: {
      ...sampling,
      logitBias: new Map(logitBias.map(({ id, bias }) => [id, bias])),
      seed: hexToBytes(spec.seed, 32),
    },
  }
}

function generationPort(generation: Generation | OpenGeneration): OpenGeneration {
  return {
    tokensIn: generation.tokensIn,
    step: (maxTokens, signal) => registeredStep(generation, maxTokens, signal),
    close: () => {
      generation.close()
    },
  }
}

async function* registeredStep(
  generation: Pick<OpenGeneration, 'step'>,
  maxTokens: number,
  signal: AbortSignal,
): AsyncGenerator<TokenGroup, StepFinish> {
  try {
    return yield* generation.step(maxTokens, signal)
  } catch (error) {
    throw registered(error)
  }
}

/** An engine error under the code of the registry. */
export function registered(error: unknown): DuckMeshError {
  if (error instanceof DuckMeshError) return error
  if (!(error instanceof EngineError)) {
    return new DuckMeshError('ENGINE_FAILED', 'The engine failed.', { cause: error })
  }
  return new DuckMeshError(CODES[error.code] ?? 'ENGINE_FAILED', error.message, {
    cause: error,
    details: error.details,
  })
}
