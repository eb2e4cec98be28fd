import { ERROR_CODES, isErrorCode } from '@duckmesh/protocols'
import type { ErrorCode, Stage } from '@duckmesh/protocols'
import type { RemoteFailure } from './interface.ts'

/** A failure that happened in a child, with the child's code. */
export class RemoteError extends Error {
  readonly code: ErrorCode
  readonly stage: Stage
  readonly retryable: boolean
  readonly details: Record<string, unknown>

  constructor(failure: RemoteFailure) {
    super(failure.message, { cause: failure.cause?.join('; from ') })
    this.name = 'RemoteError'
    this.code = isErrorCode(failure.code) ? failure.code : 'INTERNAL'
    this.stage = ERROR_CODES[this.code].stage
    this.retryable = ERROR_CODES[this.code].retryable
    this.details = failure.details ?? {}
  }
}
