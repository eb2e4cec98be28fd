/**
 * A member's side of a redundant job as a pure machine: `stepMemberProvider(state, event, now)`.
 *
 * Trust conditions it keeps (docs/spec/mode-redundant.md): no text and no id leaves before the last voucher;
 * each step is committed, then paid, then the next one runs; an answer that is never paid stays here; every
 * state ends by time.
 */
import { hexToBytes, limits } from '@duckmesh/proto'
import type { Hex } from '@duckmesh/proto'
import { RELEASE_GRACE_MS, VOUCHER_TIMEOUT_MS } from './constants.ts'
import type { FinishReason } from './interface.ts'
import { end, enter, isTerminal } from './lifecycle.ts'
import { addChunk, addReceipt, buildReceipt, stepLimit, unreceipted } from './progress.ts'
import type { SegmentFacts } from './progress.ts'
import { lose, startProviderSegment, stop } from './provider-segment.ts'
import type { ProviderEffect, ProviderEvent } from './provider-segment.ts'
import type { ProviderSegment, ProviderStep } from './provider-segment.ts'

export interface MemberProvider extends ProviderSegment {
  /** 32 bytes that hide the answer behind its commitments; of this segment alone. */
  readonly salt: Hex
  readonly text: string
  /** UTF-8 bytes of `text`. */
  readonly textBytes: number
  /** Of `due`, what is paid and booked, wei. */
  readonly booked: bigint
}

type MemberStep = ProviderStep<MemberProvider>

/** A member whose award passed every check and is stored; not yet accepted. */
export function startMemberProvider(facts: SegmentFacts, salt: Hex, nowMs: number): MemberProvider {
  return { ...startProviderSegment(facts, nowMs), salt, text: '', textBytes: 0, booked: 0n }
}

/** One transition. A terminal segment ignores everything: its money is settled. */
export function stepMemberProvider(
  state: MemberProvider,
  event: ProviderEvent,
  nowMs: number,
): MemberStep {
  if (isTerminal(state.state)) return { state, effects: [] }
  switch (event.type) {
    case 'admitted':
      return onAdmitted(state, event.tokensIn, nowMs)
    case 'tokens':
      return onTokens(state, event.ids, event.text, nowMs)
    case 'stepEnd':
      return onStepEnd(state, event.finishReason, nowMs)
    case 'paid':
      return onPaid(state, event.prepaid, nowMs)
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

/** The first step runs on trust: the client's name is cheap, but a step is all that it can take. */
function onAdmitted(state: MemberProvider, tokensIn: number, nowMs: number): MemberStep {
  if (state.state !== 'awarded') return { state, effects: [] }
  const accepted = { ...enter(state, 'accepted', nowMs), tokensIn, stepping: true }
  const maxTokens = stepLimit(state.facts.terms, state.progress)
  return { state: accepted, effects: [{ type: 'runStep', maxTokens }, { type: 'sendAccept' }] }
}

function onTokens(
  state: MemberProvider,
  ids: readonly number[],
  delta: string,
  nowMs: number,
): MemberStep {
  if (!state.stepping) return { state, effects: [] }
  const room = stepLimit(state.facts.terms, state.progress) - unreceipted(state.progress)
  if (ids.length === 0 || ids.length > room) {
    return stop(state, 'ENGINE_FAILED', `The engine gave ${ids.length} of ${room} tokens.`, nowMs)
  }
  const text = state.text + delta
  const textBytes = state.textBytes + new TextEncoder().encode(delta).length
  if (textBytes > limits.MAX_REVEAL_TEXT_BYTES) {
    return stop(state, 'ENGINE_FAILED', 'The answer is too long to be revealed.', nowMs)
  }
  const progress = addChunk(state.progress, ids)
  return { state: { ...enter(state, 'running', nowMs), progress, text, textBytes }, effects: [] }
}

function onStepEnd(
  state: MemberProvider,
  finishReason: 'stop' | 'length' | null,
  nowMs: number,
): MemberStep {
  if (!state.stepping) return { state, effects: [] }
  const idle = { ...state, stepping: false }
  if (finishReason !== null) return complete(idle, finishReason, nowMs)
  if (idle.cancelled) return complete(idle, 'cancelled', nowMs)
  const { facts, progress } = idle
  if (progress.ids.length >= facts.terms.maxTokens) return complete(idle, 'length', nowMs)
  if (unreceipted(progress) < stepLimit(facts.terms, progress)) {
    return stop(idle, 'ENGINE_FAILED', 'The engine ended a step before it was full.', nowMs)
  }
  const { state: billed, effects } = commit(idle, '', nowMs)
  return goOn(billed, effects)
}

/** A receipt whose root hides the ids behind the salt (rule R-4). */
function commit(state: MemberProvider, finishReason: FinishReason | '', nowMs: number): MemberStep {
  const { facts, progress, tokensIn, salt } = state
  const last = finishReason !== ''
  const receipt = buildReceipt(facts, progress, tokensIn, last, hexToBytes(salt, 32))
  const billed = { ...state, progress: addReceipt(progress, receipt), waitingSinceMs: nowMs }
  return { state: billed, effects: [{ type: 'issueCommitment', receipt, finishReason }] }
}

/** The last commitment. From here the member waits for money and for nothing else. */
function complete(state: MemberProvider, finishReason: FinishReason, nowMs: number): MemberStep {
  const { state: billed, effects } = commit({ ...state, finishReason }, finishReason, nowMs)
  const done = enter(billed, 'completed', nowMs)
  const freed: ProviderEffect[] = [...effects, { type: 'freeEngine' }]
  // Cancelled: all that is due may be paid already.
  if (state.cancelled && isPaid(done)) return endCancelled(done, freed, nowMs)
  return { state: done, effects: freed }
}

function isPaid({ progress }: MemberProvider): boolean {
  return progress.prepaid >= progress.due
}

function endCancelled(
  state: MemberProvider,
  effects: readonly ProviderEffect[],
  nowMs: number,
): MemberStep {
  const ended = end(state, 'cancelled', 'CANCELLED', 'The client cancelled.', nowMs)
  return { state: ended, effects: [...effects, { type: 'end' }] }
}

function onPaid(before: MemberProvider, prepaid: bigint, nowMs: number): MemberStep {
  const state = { ...before, progress: { ...before.progress, prepaid } }
  if (!isPaid(state) || state.waitingSinceMs === null) return { state, effects: [] }
  const { state: booked, effects } = book(state)
  if (booked.state !== 'completed') return goOn(booked, effects)
  if (booked.cancelled) return endCancelled(booked, effects, nowMs)
  const { salt, text, progress } = booked
  const reveal: ProviderEffect = { type: 'sendReveal', salt, ids: progress.ids, text }
  const done = enter(booked, 'finalized', nowMs)
  return { state: done, effects: [...effects, reveal, { type: 'end' }] }
}

function book(state: MemberProvider): MemberStep {
  const { due } = state.progress
  const amount = due - state.booked
  return {
    state: { ...state, booked: due },
    effects: amount > 0n ? [{ type: 'bookPaid', amount }] : [],
  }
}

/** Starts the next step when all that is committed is paid; otherwise waits. */
function goOn(state: MemberProvider, effects: readonly ProviderEffect[]): MemberStep {
  if (!isPaid(state)) return { state, effects: [...effects] }
  const { state: booked, effects: booking } = book(state)
  const maxTokens = stepLimit(booked.facts.terms, booked.progress)
  const running = { ...booked, stepping: true, waitingSinceMs: null }
  return { state: running, effects: [...effects, ...booking, { type: 'runStep', maxTokens }] }
}

function onCancel(state: MemberProvider, nowMs: number): MemberStep {
  // An answer that is complete is paid and revealed as if nobody had cancelled.
  if (state.cancelled || state.state === 'completed') return { state, effects: [] }
  const cancelled = { ...state, cancelled: true }
  if (state.stepping) return { state: cancelled, effects: [{ type: 'stopStep' }] }
  return complete(cancelled, 'cancelled', nowMs)
}

/** The client went away: nothing of this step is paid, so it stops at once; what was made is kept. */
function onClosed(state: MemberProvider, nowMs: number): MemberStep {
  const gone = { ...state, clientGone: true }
  return lose(gone, state.stepping ? [{ type: 'stopStep' }] : [], nowMs)
}

function onTick(state: MemberProvider, nowMs: number): MemberStep {
  const { facts, waitingSinceMs } = state
  const waits = state.state === 'completed' && !state.cancelled
  if (nowMs >= facts.deadlineMs + (waits ? RELEASE_GRACE_MS : 0)) {
    if (!waits) return stop(state, 'JOB_EXPIRED', 'The deadline passed.', nowMs)
    return stop(state, 'PAYMENT_MISSING', 'No last voucher came; the answer stays here.', nowMs)
  }
  const late = waitingSinceMs !== null && nowMs - waitingSinceMs >= VOUCHER_TIMEOUT_MS
  if (waits || !late) return { state, effects: [] }
  if (state.cancelled) return endCancelled(state, [], nowMs)
  return stop(state, 'PAYMENT_MISSING', 'No voucher came for a committed step.', nowMs)
}
