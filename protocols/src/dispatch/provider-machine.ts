/**
 * The provider's side of one segment as a pure machine: `stepProvider(state, event, now)`.
 *
 * Trust conditions it keeps (docs/spec/dispatch.md): no step runs before it is prepaid; each step ends
 * with a receipt for exactly the tokens sent; a client that stops paying, cancels or goes away frees
 * the slot by the end of the paid step; every state ends by time.
 */
import { VOUCHER_TIMEOUT_MS } from './constants.ts'
import type { FinishReason, JobState } from './interface.ts'
import { end, enter, isTerminal } from './lifecycle.ts'
import { firstStepPrice } from './price.ts'
import { addChunk, addReceipt, buildReceipt } from './progress.ts'
import { paidForStep, stepLimit, unreceipted } from './progress.ts'
import { lose, stop } from './provider-segment.ts'
import type { ProviderEffect, ProviderEvent } from './provider-segment.ts'
import type { ProviderSegment, ProviderStep } from './provider-segment.ts'

/** One transition. A terminal segment ignores everything: its money is settled. */
export function stepProvider(
  state: ProviderSegment,
  event: ProviderEvent,
  nowMs: number,
): ProviderStep {
  if (isTerminal(state.state)) return { state, effects: [] }
  switch (event.type) {
    case 'admitted':
      return onAdmitted(state, event.tokensIn, event.prepaid, nowMs)
    case 'tokens':
      return onTokens(state, event.ids, event.text, nowMs)
    case 'stepEnd':
      return onStepEnd(state, event.finishReason, nowMs)
    case 'paid':
      return onPaid(state, event.prepaid)
    case 'cancel':
      return onCancel(state, nowMs)
    case 'closed':
      return onClosed(state, nowMs)
    case 'engineFailed':
      return stop(state, event.code, event.detail, nowMs)
    case 'tick':
      return onTick(state, nowMs)
  }
}

function onAdmitted(
  state: ProviderSegment,
  tokensIn: number,
  prepaid: bigint,
  nowMs: number,
): ProviderStep {
  if (state.state !== 'awarded') return { state, effects: [] }
  if (prepaid < firstStepPrice(state.facts.terms)) {
    return stop(state, 'PAYMENT_MISSING', 'The first step is not prepaid.', nowMs)
  }
  const progress = { ...state.progress, prepaid }
  const accepted = { ...enter(state, 'accepted', nowMs), tokensIn, progress, stepping: true }
  const maxTokens = stepLimit(state.facts.terms, progress)
  // The engine reads the prompt while the accept is signed; its chunks queue up behind it.
  return { state: accepted, effects: [{ type: 'runStep', maxTokens }, { type: 'sendAccept' }] }
}

function onTokens(
  state: ProviderSegment,
  ids: readonly number[],
  text: string,
  nowMs: number,
): ProviderStep {
  if (!state.stepping) return { state, effects: [] }
  const room = stepLimit(state.facts.terms, state.progress) - unreceipted(state.progress)
  // The client would refuse such a chunk and pay nothing more: say whose fault it is.
  if (ids.length === 0 || ids.length > room) {
    return stop(state, 'ENGINE_FAILED', `The engine gave ${ids.length} of ${room} tokens.`, nowMs)
  }
  const progress = addChunk(state.progress, ids)
  const running = { ...enter(state, 'running', nowMs), progress }
  if (state.clientGone) return { state: running, effects: [] }
  const { chunks: n, chainHash: h } = progress
  return { state: running, effects: [{ type: 'sendChunk', n, ids, text, h }] }
}

function onStepEnd(
  state: ProviderSegment,
  finishReason: 'stop' | 'length' | null,
  nowMs: number,
): ProviderStep {
  if (!state.stepping) return { state, effects: [] }
  const idle = { ...state, stepping: false }
  if (finishReason !== null) return complete(idle, finishReason, 'completed', nowMs)
  if (state.cancelled) return complete(idle, 'cancelled', 'cancelled', nowMs)
  const { facts } = idle
  if (idle.progress.ids.length >= facts.terms.maxTokens) {
    return complete(idle, 'length', 'completed', nowMs)
  }
  if (unreceipted(idle.progress) < stepLimit(facts.terms, idle.progress)) {
    return stop(idle, 'ENGINE_FAILED', 'The engine ended a step before it was full.', nowMs)
  }
  const receipt = buildReceipt(facts, idle.progress, idle.tokensIn, false)
  const issue: ProviderEffect = { type: 'issueReceipt', receipt, finishReason: '' }
  const billed = { ...idle, progress: addReceipt(idle.progress, receipt), waitingSinceMs: nowMs }
  if (billed.clientGone) return lose(billed, [issue], nowMs)
  return continueIfPaid(billed, [issue])
}

/** Issues the last receipt; every terminal state on this path is covered by what was prepaid. */
function complete(
  state: ProviderSegment,
  finishReason: FinishReason,
  how: JobState,
  nowMs: number,
): ProviderStep {
  const receipt = buildReceipt(state.facts, state.progress, state.tokensIn, true)
  const billed = { ...state, progress: addReceipt(state.progress, receipt), finishReason }
  const effects: ProviderEffect[] = [
    { type: 'issueReceipt', receipt, finishReason },
    { type: 'end' },
  ]
  if (how === 'cancelled') {
    return { state: end(billed, 'cancelled', 'CANCELLED', 'The client cancelled.', nowMs), effects }
  }
  return { state: enter(enter(billed, 'completed', nowMs), 'finalized', nowMs), effects }
}

/** Starts the next step as soon as what is prepaid covers it in full; otherwise waits. */
function continueIfPaid(state: ProviderSegment, effects: ProviderEffect[]): ProviderStep {
  const { facts, progress } = state
  if (state.stepping || !paidForStep(facts.terms, progress)) return { state, effects }
  const maxTokens = stepLimit(facts.terms, progress)
  const running = { ...state, stepping: true, waitingSinceMs: null }
  return { state: running, effects: [...effects, { type: 'runStep', maxTokens }] }
}

function onPaid(state: ProviderSegment, prepaid: bigint): ProviderStep {
  const paid = { ...state, progress: { ...state.progress, prepaid } }
  if (state.waitingSinceMs === null || state.cancelled) return { state: paid, effects: [] }
  return continueIfPaid(paid, [])
}

function onCancel(state: ProviderSegment, nowMs: number): ProviderStep {
  if (state.cancelled) return { state, effects: [] }
  const cancelled = { ...state, cancelled: true }
  if (state.stepping) return { state: cancelled, effects: [{ type: 'stopStep' }] }
  return complete(cancelled, 'cancelled', 'cancelled', nowMs)
}

/** The client went away: a paid step is finished and kept; nothing new starts. */
function onClosed(state: ProviderSegment, nowMs: number): ProviderStep {
  const gone = { ...state, clientGone: true }
  return state.stepping ? { state: gone, effects: [] } : lose(gone, [], nowMs)
}

function onTick(state: ProviderSegment, nowMs: number): ProviderStep {
  if (nowMs >= state.facts.deadlineMs) {
    return stop(state, 'JOB_EXPIRED', 'The deadline passed.', nowMs)
  }
  const { waitingSinceMs } = state
  if (waitingSinceMs !== null && nowMs - waitingSinceMs >= VOUCHER_TIMEOUT_MS) {
    return stop(state, 'PAYMENT_MISSING', 'No voucher came for the next step.', nowMs)
  }
  return { state, effects: [] }
}
