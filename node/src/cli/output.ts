/** Results go to stdout, everything else to stderr; with --json each result is one JSON line. */
import { toDuckMeshError } from '@duckmesh/protocols'
import { exitCodeOf } from './exit-codes.ts'

/** JSON with amounts as decimal strings. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, field: unknown) =>
    typeof field === 'bigint' ? `${field}` : field,
  )
}

export function printJson(value: unknown): void {
  process.stdout.write(`${toJson(value)}\n`)
}

export function printLine(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** Prints a failure with its code and what to do, and sets the exit code. */
export function printFailure(thrown: unknown, json: boolean): void {
  const error = toDuckMeshError(thrown)
  const { code, details, message, retryable, stage } = error
  if (json) printJsonError({ code, message, stage, retryable, details })
  else process.stderr.write(`${code}: ${printable(message)}\n`)
  process.exitCode = exitCodeOf(error)
}

/** One line `{"error": …}` on stderr. */
export function printJsonError(error: object): void {
  process.stderr.write(`${toJson({ error })}\n`)
}

/** Text from the network without control characters, which would command the reader's terminal. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '')
}
