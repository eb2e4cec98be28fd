/**
 * The client's side of one segment as a pure machine: `stepClient(state, event, now)`.
 *
 * Trust conditions it keeps (docs/spec/dispatch.md): the client is ahead by at most one step; it pays
 * the next step only after a receipt that says exactly what was delivered; a broken hash chain or
 * receipt ends payment at once; every state ends by time.
 */
import type { Chunk } from '@duckmesh/proto'
import { nextChunkHash } from '@duckmesh/proto'
import { checkComplete, checkFinish, checkReceipt } from './check-receipt.ts'
import { abort, finish, onAccept, onAward, onClosed, onRefused } from './client-segment.ts'
import { endStopped, timedOut, unexpected, withPrepaid } from './client-segment.ts'
import type { ClientEffect, ClientEvent, ClientSegment, ClientStep } from './client-segment.ts'
import type { FinishReason } from './interface.ts'
import { end, enter, isTerminal } from './lifecycle.ts'
import { checkNumberChunk } from './number-terms.ts'
import { addChunk, addReceipt, stepLimit, stepPriceAt, unreceipted } from './progress.ts'
import type { Progress } from './progress.ts'
import { checkTextChunk } from './text-terms.ts'

/** One transition. Events that a terminal state gets are ignored: the money is settled already. */
export function stepClient(state: ClientSegment, event: ClientEvent, nowMs: number): ClientStep {
  if (isTerminal(state.state)) return { state, effects: [] }
  switch (event.type) {
    case 'award':
      return onAward(state, event.prepaid, nowMs)
    case 'accept':
      return onAccept(state, event.valid, nowMs)
    case 'refused':
      return onRefused(state, event, nowMs)
    case 'chunk':
      return onChunk(state, event.chunk, nowMs)
    case 'receipt':
      return onReceipt(state, event, nowMs)
    case 'paid':
      // The provider's silence counts from here: before, it waited for this voucher.
      return { state: { ...withPrepaid(state, event.amount), progressAtMs: nowMs }, effects: [] }
    case 'payFailed':
      return abort(state, event.code, event.detail, nowMs)
    case 'release':
      return { state, effects: [] }
    case 'reveal':
      return unexpected(state, 'reveal', nowMs)
    case 'cancel':
      return onCancel(state, nowMs)
    case 'closed':
      return onClosed(state, nowMs)
    case 'tick':
      return timedOut(state, nowMs) ?? { state, effects: [] }
  }
}

function onChunk(state: ClientSegment, chunk: Chunk, nowMs: number): ClientStep {
  if (state.state !== 'accepted' && state.state !== 'running') {
    return unexpected(state, 'chunk', nowMs)
  }
  const { progress, facts } = state
  const wrong =
    checkChunk(progress, chunk, stepLimit(facts.terms, progress)) ??
    // Rule T-3: what is billed for a text is counted from the text.
    (facts.textPromptTokens === undefined ? null : checkTextChunk(progress.ids.at(-1), chunk)) ??
    (facts.numbers === undefined ? null : checkNumberChunk(facts.numbers, progress.ids, chunk))
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
      checkFinish(receipt, event.finishReason, state.cancelledAtMs !== undefined) ??
      checkComplete(state.facts, state.progress, event.finishReason))
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
  if (state.cancelledAtMs !== undefined) {
    const cancelled = endStopped(state, 'The client cancelled the job.', nowMs)
    return finish({ ...cancelled, finishReason: 'cancelled' }, [book], true)
  }
  const done = enter(enter(state, 'completed', nowMs), 'finalized', nowMs)
  return finish(finishReason === '' ? done : { ...done, finishReason }, [book], true)
}

/** Raises this job's share of the channel to the price of a full next step, credit of the job first. */
function payNext(state: ClientSegment, book: ClientEffect, nowMs: number): ClientStep {
  if (state.cancelledAtMs !== undefined) return { state, effects: [book] }
  const { progress, facts } = state
  const upTo = progress.due + stepPriceAt(facts.terms, progress)
  if (upTo > facts.terms.budget) {
    return abort(state, 'BUDGET', `The next step would cost ${upTo} wei in all.`, nowMs, [book])
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
