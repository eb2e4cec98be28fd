/** What went wrong, as a code that callers map to the project's registry. */
export type EngineErrorCode =
  | 'CANCELLED'
  | 'CHAT_TEMPLATE_FAILED'
  | 'DEVICE_UNAVAILABLE'
  | 'ENGINE_BUSY'
  | 'ENGINE_CRASHED'
  | 'ENGINE_FAILED'
  | 'ENGINE_STOPPED'
  | 'GENERATION_CLOSED'
  | 'MODEL_CORRUPT'
  | 'MODEL_MANIFEST_INVALID'
  | 'MODEL_PACK_MISMATCH'
  | 'MODEL_SELF_TEST_FAILED'
  | 'MODEL_STORE_FAILED'
  | 'MODEL_UNAVAILABLE'
  | 'MODEL_UNSUPPORTED'
  | 'PROMPT_EMPTY'
  | 'PROMPT_TOO_LONG'
  | 'REQUEST_INVALID'
  | 'SAMPLER_FAILED'
  | 'STEP_IN_PROGRESS'
  | 'UNKNOWN_MODEL'

/** Facts about one error: numbers and short strings, never text from a prompt. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean>>

/** An error of the engine: a code, a sentence that says what to do, and the facts behind it. */
export class EngineError extends Error {
  override readonly name = 'EngineError'
  readonly stage = 'engine'
  readonly code: EngineErrorCode
  readonly details: ErrorDetails

  constructor(code: EngineErrorCode, message: string, details: ErrorDetails = {}, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause })
    this.code = code
    this.details = details
  }
}

/** The form in which an error crosses the worker border; structured clone drops custom fields. */
export interface PlainEngineError {
  readonly code: EngineErrorCode
  readonly message: string
  readonly details: ErrorDetails
}

/** Turns anything thrown into its plain form; what the engine did not foresee becomes ENGINE_FAILED. */
export function toPlainError(thrown: unknown): PlainEngineError {
  const error = asEngineError(thrown)
  return { code: error.code, message: error.message, details: error.details }
}

/** Rebuilds an error on the other side of the worker border. */
export function fromPlainError(plain: PlainEngineError): EngineError {
  return new EngineError(plain.code, plain.message, plain.details)
}

/** Wraps anything that is not an EngineError, keeping it as the cause. */
export function asEngineError(thrown: unknown): EngineError {
  if (thrown instanceof EngineError) return thrown
  const reason = thrown instanceof Error ? thrown.message : String(thrown)
  const message = `The engine failed: ${reason}. Retry; if it happens again, report it with the node's log.`
  return new EngineError('ENGINE_FAILED', message, {}, thrown)
}
