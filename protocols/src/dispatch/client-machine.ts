/**
 * The client's side of one segment as a pure machine: `stepClient(state, event, now)`.
 *
 * Trust conditions it keeps (docs/spec/dispatch.md): the client is ahead by at most one step; it pays
 * the next step only after a receipt that says exactly what was delivered; a broken hash chain or
 * receipt ends payment at once; every state ends by time.
 */
import type { Chunk, Receipt } from '@duckmesh/proto'
import { nextChunkHash } from '@duckmesh/proto'
import type { ErrorCode } from '../errors.ts'
import { checkFinish, checkReceipt } from './check-receipt.ts'
import { ACCEPT_TIMEOUT_MS, CANCEL_TIMEOUT_MS, STALL_TIMEOUT_MS } from './constants.ts'
import type { FinishReason } from './interface.ts'
import { end, enter, isTerminal } from './lifecycle.ts'
import type { Lifecycle } from './lifecycle.ts'
import {
  addChunk,
  addReceipt,
  paidForStep,
  startProgress,
  stepLimit,
  stepPriceAt,
  unreceipted,
} from './progress.ts'
import type { Progress, SegmentFacts } from './progress.ts'

export interface ClientSegment extends Lifecycle {
  readonly facts: SegmentFacts
  readonly progress: Progress
  readonly finishReason?: FinishReason
  /** When the last frame that counts as progress came, milliseconds since 1970. */
  readonly progressAtMs: number
  readonly cancelledAtMs?: number
}

export type ClientEvent =
  | { type: 'award'; prepaid: bigint }
  | { type: 'accept'; valid: boolean }
  | { type: 'refused'; code: ErrorCode; detail: string }
  | { type: 'chunk'; chunk: Chunk }
  | { type: 'receipt'; receipt: Receipt; signed: boolean; finishReason: FinishReason | '' }
  | { type: 'paid'; amount: bigint }
  | { type: 'payFailed'; code: ErrorCode; detail: string }
  | { type: 'cancel' }
  | { type: 'closed' }
  | { type: 'tick' }

export type ClientEffect =
  | { type: 'deliver'; ids: readonly number[]; text: string }
  | { type: 'bookReceipt'; receipt: Receipt }
  | { type: 'pay'; amount: bigint }
  | { type: 'sendCancel'; reason: string }
  /**
   * The accounts of the segment close. `agreed` is false while the provider may hold a paid step that this side
   * has no receipt for: then what is left over stays reserved until a hello tells (rule S-7).
   */
  | { type: 'end'; agreed: boolean }

export interface ClientStep {
  state: ClientSegment
  effects: ClientEffect[]
}

/** A segment whose order is signed and whose award is not yet sent. */
export function startClientSegment(facts: SegmentFacts, nowMs: number): ClientSegment {
  const history = [{ state: 'posted' as const, atMs: nowMs }]
  return { facts, state: 'posted', history, progress: startProgress(facts), progressAtMs: nowMs }
}

/** One transition. Events that a terminal state gets are ignored: the money is settled already. */
export function stepClient(state: ClientSegment, event: ClientEvent, nowMs: number): ClientStep {
  if (isTerminal(state.state)) return { state, effects: [] }
  switch (event.type) {
    case 'award':
      return onAward(state, event.prepaid, nowMs)
    case 'accept':
      return onAccept(state, event.valid, nowMs)
    case 'refused':
      return onRefused(state, event.code, event.detail, nowMs)
    case 'chunk':
      return onChunk(state, event.chunk, nowMs)
    case 'receipt':
      return onReceipt(state, event, nowMs)
    case 'paid':
      // The provider's silence counts from here: before, it waited for this voucher.
      return { state: { ...withPrepaid(state, event.amount), progressAtMs: nowMs }, effects: [] }
    case 'payFailed':
      return abort(state, event.code, event.detail, nowMs)
    case 'cancel':
      return onCancel(state, nowMs)
    case 'closed':
      return onClosed(state, nowMs)
    case 'tick':
      return onTick(state, nowMs)
  }
}

/** Ends without the provider's last word: open is what it may have run of a paid step. */
function finish(state: ClientSegment): ClientStep {
  return { state, effects: [endOf(state)] }
}

function endOf(state: ClientSegment): ClientEffect {
  return { type: 'end', agreed: !paidForStep(state.facts.terms, state.progress) }
}

/** The provider's last word: frames come in order, so nothing is billed after it. */
function onRefused(
  state: ClientSegment,
  code: ErrorCode,
  detail: string,
  nowMs: number,
): ClientStep {
  const over =
    state.cancelledAtMs === undefined
      ? end(state, 'failed', code, detail, nowMs)
      : end(state, 'cancelled', 'CANCELLED', 'Cancelled; the provider stopped.', nowMs)
  return { state: over, effects: [{ type: 'end', agreed: true }] }
}

/** Fails the segment, tells the provider to stop and pays nothing more. */
function abort(state: ClientSegment, code: ErrorCode, detail: string, nowMs: number): ClientStep {
  const effects = [endOf(state)]
  // Before the award the provider knows nothing of the segment.
  if (state.state !== 'posted') effects.unshift({ type: 'sendCancel', reason: code })
  return { state: end(state, 'failed', code, detail, nowMs), effects }
}

function withPrepaid(state: ClientSegment, amount: bigint): ClientSegment {
  const { progress } = state
  return { ...state, progress: { ...progress, prepaid: progress.prepaid + amount } }
}

function onAward(state: ClientSegment, prepaid: bigint, nowMs: number): ClientStep {
  if (state.state !== 'posted') return { state, effects: [] }
  const awarded = enter(withPrepaid(state, prepaid), 'awarded', nowMs)
  return { state: { ...awarded, progressAtMs: nowMs }, effects: [] }
}

function onAccept(state: ClientSegment, valid: boolean, nowMs: number): ClientStep {
  if (state.state !== 'awarded') return unexpected(state, 'accept', nowMs)
  if (!valid) return abort(state, 'BAD_SIGNATURE', 'The accept is not by the operator.', nowMs)
  const accepted = { ...enter(state, 'accepted', nowMs), progressAtMs: nowMs }
  return { state: accepted, effects: [] }
}

function unexpected(state: ClientSegment, kind: string, nowMs: number): ClientStep {
  return abort(state, 'UNEXPECTED_FRAME', `Got ${kind} in state ${state.state}.`, nowMs)
}

function onChunk(state: ClientSegment, chunk: Chunk, nowMs: number): ClientStep {
  if (state.state !== 'accepted' && state.state !== 'running') {
    return unexpected(state, 'chunk', nowMs)
  }
  const { progress, facts } = state
  const wrong = checkChunk(progress, chunk, stepLimit(facts.terms, progress))
  if (wrong !== null) return abort(state, 'CHUNK_INVALID', wrong, nowMs)
  const running = enter(state, 'running', nowMs)
  const next = { ...running, progress: addChunk(progress, chunk.ids), progressAtMs: nowMs }
  return { state: next, effects: [{ type: 'deliver', ids: chunk.ids, text: chunk.textDelta }] }
}

function checkChunk(progress: Progress, chunk: Chunk, limit: number): string | null {
  if (chunk.ids.length === 0) return 'The chunk is empty.'
  if (chunk.n !== progress.chunks + 1) return `Chunk ${chunk.n} follows ${progress.chunks}.`
  if (nextChunkHash(progress.chainHash, chunk.ids) !== chunk.h) return 'The hash chain is broken.'
  if (unreceipted(progress) + chunk.ids.length > limit) return 'The step is longer than paid for.'
  return null
}

type ReceiptEvent = Extract<ClientEvent, { type: 'receipt' }>

function onReceipt(state: ClientSegment, event: ReceiptEvent, nowMs: number): ClientStep {
  const early = state.state === 'awarded' && state.cancelledAtMs !== undefined
  if (state.state !== 'accepted' && state.state !== 'running' && !early) {
    return unexpected(state, 'receipt', nowMs)
  }
  const { receipt } = event
  const wrong = event.signed
    ? (checkReceipt(state.facts, state.progress, receipt) ??
      checkFinish(receipt, event.finishReason, state.cancelledAtMs !== undefined))
    : 'not signed by the operator'
  if (wrong !== null)
    return abort(state, 'RECEIPT_INVALID', `The receipt is wrong: ${wrong}.`, nowMs)
  const booked = { ...state, progress: addReceipt(state.progress, receipt), progressAtMs: nowMs }
  const book: ClientEffect = { type: 'bookReceipt', receipt }
  if (receipt.last) return onLastReceipt(booked, event.finishReason, book, nowMs)
  return payNext(booked, book, nowMs)
}

function onLastReceipt(
  state: ClientSegment,
  finishReason: FinishReason | '',
  book: ClientEffect,
  nowMs: number,
): ClientStep {
  const effects: ClientEffect[] = [book, { type: 'end', agreed: true }]
  if (state.cancelledAtMs !== undefined) {
    const cancelled = end(state, 'cancelled', 'CANCELLED', 'The client cancelled the job.', nowMs)
    return { state: { ...cancelled, finishReason: 'cancelled' }, effects }
  }
  const done = enter(enter(state, 'completed', nowMs), 'finalized', nowMs)
  return { state: finishReason === '' ? done : { ...done, finishReason }, effects }
}

/** Raises this job's share of the channel to the price of a full next step, credit of the job first. */
function payNext(state: ClientSegment, book: ClientEffect, nowMs: number): ClientStep {
  if (state.cancelledAtMs !== undefined) return { state, effects: [book] }
  const { progress, facts } = state
  const upTo = progress.due + stepPriceAt(facts.terms, progress)
  if (upTo > facts.terms.budget) {
    const stopped = abort(state, 'BUDGET', `The next step would cost ${upTo} wei in all.`, nowMs)
    return { ...stopped, effects: [book, ...stopped.effects] }
  }
  const amount = upTo - progress.prepaid
  return { state, effects: amount > 0n ? [book, { type: 'pay', amount }] : [book] }
}

function onCancel(state: ClientSegment, nowMs: number): ClientStep {
  if (state.cancelledAtMs !== undefined) return { state, effects: [] }
  if (state.state === 'posted') {
    return finish(end(state, 'cancelled', 'CANCELLED', 'Cancelled before the award.', nowMs))
  }
  const cancelling = { ...state, cancelledAtMs: nowMs }
  return { state: cancelling, effects: [{ type: 'sendCancel', reason: 'CANCELLED' }] }
}

function onClosed(state: ClientSegment, nowMs: number): ClientStep {
  if (state.cancelledAtMs !== undefined) {
    return finish(end(state, 'cancelled', 'CANCELLED', 'Cancelled; the stream closed.', nowMs))
  }
  return finish(end(state, 'failed', 'PROVIDER_LOST', 'The stream to the provider closed.', nowMs))
}

function onTick(state: ClientSegment, nowMs: number): ClientStep {
  const { cancelledAtMs, facts, progressAtMs } = state
  if (cancelledAtMs !== undefined && nowMs - cancelledAtMs >= CANCEL_TIMEOUT_MS) {
    return finish(end(state, 'cancelled', 'CANCELLED', 'Cancelled; no last receipt came.', nowMs))
  }
  if (nowMs >= facts.deadlineMs) {
    if (state.state === 'posted') {
      return finish(end(state, 'expired', 'JOB_EXPIRED', 'Nobody was awarded in time.', nowMs))
    }
    return abort(state, 'JOB_EXPIRED', 'The deadline passed.', nowMs)
  }
  const silentMs = nowMs - progressAtMs
  if (state.state === 'awarded' && silentMs >= ACCEPT_TIMEOUT_MS) {
    return abort(state, 'TIMED_OUT', `No answer to the award in ${silentMs} ms.`, nowMs)
  }
  if (state.state !== 'posted' && silentMs >= STALL_TIMEOUT_MS) {
    return abort(state, 'PROVIDER_STALLED', `Nothing came for ${silentMs} ms.`, nowMs)
  }
  return { state, effects: [] }
}
