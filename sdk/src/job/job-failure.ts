/** Why a job has no result, as the error that callers get. */
import { DuckMeshError, ERROR_CODES } from '@duckmesh/protocols'
import type { ErrorCode } from '@duckmesh/protocols'
import type { WholeOutcome } from './interface.ts'

/** `details.paid` is what it cost all the same, wei; `details.tokens` how many tokens came. */
export function jobFailure(outcome: WholeOutcome): DuckMeshError {
  const { failure, ids, jobId, paid } = outcome
  const { code, detail } = failure ?? { code: 'INTERNAL', detail: 'The job failed.' }
  const details = { paid, tokens: ids.length }
  return new DuckMeshError(code, withoutTodo(code, detail), { jobId, details })
}

/** The detail of a failure may be a whole message; the error adds what to do by itself. */
function withoutTodo(code: ErrorCode, detail: string): string {
  const { todo } = ERROR_CODES[code]
  return detail.endsWith(todo) ? detail.slice(0, -todo.length).trimEnd() : detail
}

/** The texts of a detail of an error; none when it is something else. */
export function textsOf(detail: DuckMeshError['details'][string] | undefined): readonly string[] {
  return typeof detail === 'object' ? detail : []
}
