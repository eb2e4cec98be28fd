/** What goes wrong at an endpoint, under codes of the registry. What an endpoint says of itself is never repeated. */
import { DuckMeshError } from '@duckmesh/protocols'
import type { ErrorCode } from '@duckmesh/protocols'

/** HTTP statuses that mean something of their own; the rest is BACKEND_FAILED. */
const STATUS_CODES: Readonly<Record<number, ErrorCode>> = {
  400: 'SPEC_INVALID',
  404: 'MODEL_NOT_FOUND',
  413: 'SPEC_INVALID',
  422: 'SPEC_INVALID',
  429: 'PROVIDER_BUSY',
  503: 'PROVIDER_BUSY',
}

/** Codes after which a model is not offered until a probe passed. */
const OUTAGES: readonly ErrorCode[] = [
  'BACKEND_FAILED',
  'BACKEND_UNREACHABLE',
  'MODEL_NOT_FOUND',
  'TIMED_OUT',
]

export function statusError(status: number): DuckMeshError {
  const code = STATUS_CODES[status] ?? 'BACKEND_FAILED'
  return new DuckMeshError(code, `The endpoint answered with HTTP ${status}.`, {
    details: { status },
  })
}

/** `what` is ours: a sentence without anything that the endpoint sent. */
export function backendFailed(what: string): DuckMeshError {
  return new DuckMeshError('BACKEND_FAILED', what)
}

/** A failure to reach the endpoint or to go on reading; a DuckMeshError stays what it is. */
export function unreachable(error: unknown): DuckMeshError {
  if (error instanceof DuckMeshError) return error
  return new DuckMeshError('BACKEND_UNREACHABLE', 'The endpoint did not answer.', { cause: error })
}

export function isOutage({ code }: DuckMeshError): boolean {
  return OUTAGES.includes(code)
}
