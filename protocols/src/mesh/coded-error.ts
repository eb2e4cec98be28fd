import { ProtoError } from '@duckmesh/proto'
import { DuckMeshError } from '../errors.ts'
import type { ErrorCode } from '../error-codes.ts'

/**
 * Turns anything thrown below the mesh into a DuckMeshError: codec errors keep their code, all else gets
 * `code`. The sentence never repeats text from the network.
 */
export function codedError(error: unknown, code: ErrorCode, what: string): DuckMeshError {
  if (error instanceof DuckMeshError) return error
  if (error instanceof ProtoError) {
    return new DuckMeshError(error.code, `${error.message}.`, { cause: error })
  }
  return new DuckMeshError(code, what, { cause: error })
}

/** Runs `decode`, so that a refusal by a codec crosses the module boundary as a DuckMeshError. */
export function decoded<T>(decode: () => T): T {
  try {
    return decode()
  } catch (error) {
    throw codedError(error, 'MALFORMED_FRAME', 'The bytes could not be read.')
  }
}
