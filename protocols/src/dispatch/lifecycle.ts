/** State bookkeeping that both machines share: history, terminal states, failures. */
import type { ErrorCode } from '../error-codes.ts'
import { TERMINAL_STATES } from './interface.ts'
import type { JobFailure, JobState } from './interface.ts'
import type { StateAt } from './store.ts'

export interface Lifecycle {
  readonly state: JobState
  readonly history: readonly StateAt[]
  readonly failure?: JobFailure
}

/** The same value in another state; entering a state twice adds nothing to the history. */
export function enter<T extends Lifecycle>(value: T, state: JobState, nowMs: number): T {
  if (value.state === state) return value
  return { ...value, state, history: [...value.history, { state, atMs: nowMs }] }
}

/** The same value as failed (or cancelled, or expired) with the reason. */
export function end<T extends Lifecycle>(
  value: T,
  state: 'failed' | 'cancelled' | 'expired',
  code: ErrorCode,
  detail: string,
  nowMs: number,
): T {
  return { ...enter(value, state, nowMs), failure: { code, detail } }
}

export function isTerminal(state: JobState): boolean {
  return TERMINAL_STATES.includes(state)
}
