/** What both machines of the provider share: the state of a segment, its events, effects and failures. */
import type { Hex, Receipt } from '@duckmesh/proto'
import type { ErrorCode } from '../error-codes.ts'
import type { FinishReason } from './interface.ts'
import { end } from './lifecycle.ts'
import type { Lifecycle } from './lifecycle.ts'
import { startProgress } from './progress.ts'
import type { Progress, SegmentFacts } from './progress.ts'

export interface ProviderSegment extends Lifecycle {
  readonly facts: SegmentFacts
  readonly progress: Progress
  /** Prompt tokens as the engine counts them. */
  readonly tokensIn: number
  /** A step runs in the engine now. */
  readonly stepping: boolean
  /** Since when the next step waits for its voucher, milliseconds since 1970. */
  readonly waitingSinceMs: number | null
  readonly clientGone: boolean
  readonly cancelled: boolean
  readonly finishReason?: FinishReason
}

export type ProviderEvent =
  | { type: 'admitted'; tokensIn: number; prepaid: bigint }
  | { type: 'tokens'; ids: readonly number[]; text: string }
  | { type: 'stepEnd'; finishReason: 'stop' | 'length' | null }
  | { type: 'paid'; prepaid: bigint }
  | { type: 'cancel' }
  | { type: 'closed' }
  | { type: 'engineFailed'; code: ErrorCode; detail: string }
  | { type: 'tick' }

export type ProviderEffect =
  | { type: 'sendAccept' }
  | { type: 'runStep'; maxTokens: number }
  | { type: 'stopStep' }
  | { type: 'sendChunk'; n: number; ids: readonly number[]; text: string; h: Hex }
  | { type: 'issueReceipt'; receipt: Receipt; finishReason: FinishReason | '' }
  /** Redundant mode: as `issueReceipt`, but the amount is earned only when it is paid. */
  | { type: 'issueCommitment'; receipt: Receipt; finishReason: FinishReason | '' }
  /** Redundant mode: so much of what was committed is paid now, wei. */
  | { type: 'bookPaid'; amount: bigint }
  | { type: 'sendReveal'; salt: Hex; ids: readonly number[]; text: string }
  /** The engine's memory is not needed any more. */
  | { type: 'freeEngine' }
  | { type: 'sendStopped'; code: ErrorCode; detail: string }
  | { type: 'end' }

export interface ProviderStep<S extends ProviderSegment = ProviderSegment> {
  state: S
  effects: ProviderEffect[]
}

/** A segment whose award passed every check and is stored; not yet accepted. */
export function startProviderSegment(facts: SegmentFacts, nowMs: number): ProviderSegment {
  return {
    facts,
    state: 'awarded',
    history: [{ state: 'awarded', atMs: nowMs }],
    progress: startProgress(facts),
    tokensIn: 0,
    stepping: false,
    waitingSinceMs: null,
    clientGone: false,
    cancelled: false,
  }
}

/** Ends the segment from this side and says why. */
export function stop<S extends ProviderSegment>(
  state: S,
  code: ErrorCode,
  detail: string,
  nowMs: number,
): ProviderStep<S> {
  const effects: ProviderEffect[] = [{ type: 'sendStopped', code, detail }, { type: 'end' }]
  if (state.stepping) effects.unshift({ type: 'stopStep' })
  return { state: { ...end(state, 'failed', code, detail, nowMs), stepping: false }, effects }
}

export function lose<S extends ProviderSegment>(
  state: S,
  effects: readonly ProviderEffect[],
  nowMs: number,
): ProviderStep<S> {
  const lost = end(state, 'failed', 'CLIENT_LOST', 'The client closed the stream.', nowMs)
  return { state: { ...lost, stepping: false }, effects: [...effects, { type: 'end' }] }
}
