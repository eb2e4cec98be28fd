/** Codes of the project's error registry that this package uses. */
export type ProtoErrorCode = 'MALFORMED_FRAME' | 'FRAME_TOO_LARGE' | 'FIELD_OUT_OF_RANGE'

/**
 * The one error of this package. `field` is the path of the value that was refused (`jobFrame.chunk.ids`).
 *
 * The message never repeats text that came from the network, so it is safe to log.
 */
export class ProtoError extends Error {
  readonly code: ProtoErrorCode
  readonly field: string
  readonly stage = 'mesh'
  readonly retryable = false

  constructor(code: ProtoErrorCode, field: string, what: string, cause?: unknown) {
    super(`${field}: ${what}`, cause === undefined ? undefined : { cause })
    this.name = 'ProtoError'
    this.code = code
    this.field = field
  }
}

export function malformed(field: string, what: string, cause?: unknown): ProtoError {
  return new ProtoError('MALFORMED_FRAME', field, what, cause)
}

export function outOfRange(field: string, what: string): ProtoError {
  return new ProtoError('FIELD_OUT_OF_RANGE', field, what)
}

export function tooLarge(field: string, bytes: number, maxBytes: number): ProtoError {
  const what = `${String(bytes)} bytes, at most ${String(maxBytes)} are allowed; send a smaller message`
  return new ProtoError('FRAME_TOO_LARGE', field, what)
}
