/** What both machines of the client share: the state of a segment, its events and effects, its common transitions. */
import type { Chunk, Hex, Receipt, Reveal } from '@duckmesh/proto'
import type { ErrorCode } from '../error-codes.ts'
import { ACCEPT_TIMEOUT_MS, CANCEL_TIMEOUT_MS } from './constants.ts'
import { REVEAL_TIMEOUT_MS, STALL_TIMEOUT_MS } from './constants.ts'
import type { ClientTimeouts, FinishReason, JobFailure } from './interface.ts'
import { end, enter } from './lifecycle.ts'
import type { Lifecycle } from './lifecycle.ts'
import { paidForStep, startProgress } from './progress.ts'
import type { Progress, SegmentFacts } from './progress.ts'

export interface ClientSegment extends Lifecycle {
  readonly facts: SegmentFacts
  readonly progress: Progress
  readonly timeouts: ClientTimeouts
  readonly finishReason?: FinishReason
  /** When the last frame that counts as progress came, milliseconds since 1970. */
  readonly progressAtMs: number
  readonly cancelledAtMs?: number
  /** Set at the end: false while the provider may bill a paid step that this side has no receipt for. */
  readonly agreed?: boolean
  /** Redundant mode: what the commitments hid, once it is checked. */
  readonly salt?: Hex
}

export type ClientEvent =
  | { type: 'award'; prepaid: bigint }
  | { type: 'accept'; valid: boolean }
  | { type: 'refused'; code: ErrorCode; detail: string }
  | { type: 'chunk'; chunk: Chunk }
  | { type: 'receipt'; receipt: Receipt; signed: boolean; finishReason: FinishReason | '' }
  | { type: 'paid'; amount: bigint }
  | { type: 'payFailed'; code: ErrorCode; detail: string }
  /** Redundant mode: every member committed, so the last receipt is paid and the text may be shown. */
  | { type: 'release' }
  | { type: 'reveal'; reveal: Reveal }
  | { type: 'cancel' }
  | { type: 'closed' }
  | { type: 'tick' }

export type ClientEffect =
  | { type: 'deliver'; ids: readonly number[]; text: string }
  | { type: 'bookReceipt'; receipt: Receipt }
  | { type: 'pay'; amount: bigint }
  /** Redundant mode: stores a receipt whose amount is not paid yet. */
  | { type: 'keepReceipt'; receipt: Receipt }
  /** Redundant mode: pays receipts that were taken; the amount is reserved and used at once. */
  | { type: 'settle'; amount: bigint }
  | { type: 'sendCancel'; reason: string }
  /**
   * The accounts of the segment close. `agreed` is false while the provider may hold a paid step that this side
   * has no receipt for: then what is left over stays reserved until a hello tells (rule S-7).
   */
  | { type: 'end'; agreed: boolean }

export interface ClientStep<S extends ClientSegment = ClientSegment> {
  state: S
  effects: ClientEffect[]
}

/** Timeouts of a segment that has no backup. */
export const DEFAULT_TIMEOUTS: ClientTimeouts = {
  acceptMs: ACCEPT_TIMEOUT_MS,
  firstTokenMs: STALL_TIMEOUT_MS,
  stallMs: STALL_TIMEOUT_MS,
  revealMs: REVEAL_TIMEOUT_MS,
}

/** A segment whose order is signed and whose award is not yet sent. */
export function startClientSegment(
  facts: SegmentFacts,
  nowMs: number,
  timeouts: Partial<ClientTimeouts> = {},
): ClientSegment {
  return {
    facts,
    state: 'posted',
    history: [{ state: 'posted', atMs: nowMs }],
    progress: startProgress(facts),
    progressAtMs: nowMs,
    timeouts: { ...DEFAULT_TIMEOUTS, ...timeouts },
  }
}

/** Closes the accounts of a terminal state; `lastWord` when the provider cannot bill anything more. */
export function finish<S extends ClientSegment>(
  state: S,
  before: readonly ClientEffect[] = [],
  lastWord = false,
): ClientStep<S> {
  const agreed = lastWord || !paidForStep(state.facts.terms, state.progress)
  return { state: { ...state, agreed }, effects: [...before, { type: 'end', agreed }] }
}

/** Fails the segment, tells the provider to stop and pays nothing more. */
export function abort<S extends ClientSegment>(
  state: S,
  code: ErrorCode,
  detail: string,
  nowMs: number,
  before: readonly ClientEffect[] = [],
): ClientStep<S> {
  // Before the award the provider knows nothing of the segment.
  const cancel: ClientEffect[] =
    state.state === 'posted' ? [] : [{ type: 'sendCancel', reason: code }]
  return finish(end(state, 'failed', code, detail, nowMs), [...before, ...cancel])
}

export function unexpected<S extends ClientSegment>(
  state: S,
  kind: string,
  nowMs: number,
): ClientStep<S> {
  return abort(state, 'UNEXPECTED_FRAME', `Got ${kind} in state ${state.state}.`, nowMs)
}

/** As cancelled by the caller, or as failed when this side stopped the provider for another reason. */
export function endStopped<S extends ClientSegment>(
  state: S,
  detail: string,
  nowMs: number,
  reason?: JobFailure,
): S {
  if (reason === undefined) return end(state, 'cancelled', 'CANCELLED', detail, nowMs)
  return end(state, 'failed', reason.code, reason.detail, nowMs)
}

/** The provider's last word: frames come in order, so nothing is billed after it. */
export function onRefused<S extends ClientSegment>(
  state: S,
  refused: JobFailure,
  nowMs: number,
  reason?: JobFailure,
): ClientStep<S> {
  const over =
    state.cancelledAtMs === undefined
      ? end(state, 'failed', refused.code, refused.detail, nowMs)
      : endStopped(state, 'Cancelled; the provider stopped.', nowMs, reason)
  return finish(over, [], true)
}

export function onAward<S extends ClientSegment>(
  state: S,
  prepaid: bigint,
  nowMs: number,
): ClientStep<S> {
  if (state.state !== 'posted') return { state, effects: [] }
  const awarded = enter(withPrepaid(state, prepaid), 'awarded', nowMs)
  return { state: { ...awarded, progressAtMs: nowMs }, effects: [] }
}

export function withPrepaid<S extends ClientSegment>(state: S, amount: bigint): S {
  const { progress } = state
  return { ...state, progress: { ...progress, prepaid: progress.prepaid + amount } }
}

export function onAccept<S extends ClientSegment>(
  state: S,
  valid: boolean,
  nowMs: number,
): ClientStep<S> {
  if (state.state !== 'awarded') return unexpected(state, 'accept', nowMs)
  if (!valid) return abort(state, 'BAD_SIGNATURE', 'The accept is not by the operator.', nowMs)
  return { state: { ...enter(state, 'accepted', nowMs), progressAtMs: nowMs }, effects: [] }
}

export function onClosed<S extends ClientSegment>(
  state: S,
  nowMs: number,
  reason?: JobFailure,
): ClientStep<S> {
  if (state.cancelledAtMs !== undefined) {
    return finish(endStopped(state, 'Cancelled; the stream closed.', nowMs, reason))
  }
  return finish(end(state, 'failed', 'PROVIDER_LOST', 'The stream to the provider closed.', nowMs))
}

/** What the time ends: a cancel that got no answer, the deadline, silence. Null when nothing is due. */
export function timedOut<S extends ClientSegment>(
  state: S,
  nowMs: number,
  reason?: JobFailure,
): ClientStep<S> | null {
  const { cancelledAtMs, facts, progressAtMs, timeouts } = state
  if (cancelledAtMs !== undefined && nowMs - cancelledAtMs >= CANCEL_TIMEOUT_MS) {
    return finish(endStopped(state, 'Cancelled; no last receipt came.', nowMs, reason))
  }
  if (nowMs >= facts.deadlineMs) {
    if (state.state === 'posted') {
      return finish(end(state, 'expired', 'JOB_EXPIRED', 'Nobody was awarded in time.', nowMs))
    }
    return abort(state, 'JOB_EXPIRED', 'The deadline passed.', nowMs)
  }
  const silentMs = nowMs - progressAtMs
  if (state.state === 'awarded' && silentMs >= timeouts.acceptMs) {
    return abort(state, 'TIMED_OUT', `No answer to the award in ${silentMs} ms.`, nowMs)
  }
  const limitMs = state.state === 'running' ? timeouts.stallMs : timeouts.firstTokenMs
  if (state.state !== 'posted' && silentMs >= limitMs) {
    return abort(state, 'PROVIDER_STALLED', `Nothing came for ${silentMs} ms.`, nowMs)
  }
  return null
}
