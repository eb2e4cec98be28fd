/** Errors of the engine under the codes of the registry, as the commands and the store show them. */
import { DuckMeshError, isErrorCode } from '@duckmesh/protocols'
import { EngineError } from '../engine/index.ts'

/** Keeps what is no error of the engine. */
export function storeFailure(error: unknown): unknown {
  if (!(error instanceof EngineError)) return error
  const code = error.code === 'MODEL_PACK_MISMATCH' ? 'MODEL_CORRUPT' : error.code
  return new DuckMeshError(isErrorCode(code) ? code : 'ENGINE_FAILED', error.message, {
    cause: error,
    details: error.details,
  })
}

/** Runs work of the engine; what it rejects with has a code of the registry. */
export async function withStoreFailures<T>(work: () => Promise<T> | T): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw storeFailure(error)
  }
}
