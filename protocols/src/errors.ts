/** The error every module throws across its boundary; its codes are those of `ERROR_CODES`. */
import { ERROR_CODES, isErrorCode } from './error-codes.ts'
import type { CodeEntry, ErrorCode, Stage } from './error-codes.ts'

export interface DuckMeshErrorOptions {
  cause?: unknown
  jobId?: string
  /** Facts with the numbers: what was given, what is needed. Values are printed, so no secrets. */
  details?: Readonly<Record<string, string | number | bigint | boolean | readonly string[]>>
}

/** The error every public function throws: a code of the registry, what happened, and what to do. */
export class DuckMeshError extends Error {
  readonly code: ErrorCode
  readonly stage: Stage
  readonly retryable: boolean
  readonly todo: string
  readonly details: NonNullable<DuckMeshErrorOptions['details']>
  readonly jobId: string | undefined

  constructor(code: ErrorCode, what: string, options: DuckMeshErrorOptions = {}) {
    const entry: CodeEntry = ERROR_CODES[code]
    super(`${sentence(what)} ${entry.todo}`, { cause: options.cause })
    this.name = 'DuckMeshError'
    this.code = code
    this.stage = entry.stage
    this.retryable = entry.retryable
    this.todo = entry.todo
    this.details = options.details ?? {}
    this.jobId = options.jobId
  }
}

/** Ends a text like a sentence. */
function sentence(text: string): string {
  return /[.!?\n]$/.test(text) ? text : `${text}.`
}

/** Turns anything thrown into a DuckMeshError, keeping one that already is. */
export function toDuckMeshError(error: unknown, code: ErrorCode = 'INTERNAL'): DuckMeshError {
  if (error instanceof DuckMeshError) return error
  // Errors of the wire codecs and of the contracts carry codes of this registry already.
  if (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    isErrorCode(error.code)
  ) {
    return new DuckMeshError(error.code, error.message, { cause: error })
  }
  const what = error instanceof Error ? error.message : String(error)
  return new DuckMeshError(code, what, { cause: error })
}
