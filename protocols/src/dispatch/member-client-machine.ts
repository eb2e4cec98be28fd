/**
 * The client's side of one member of a redundant job as a pure machine: `stepMemberClient(state, event, now)`.
 *
 * Trust conditions it keeps (docs/spec/mode-redundant.md): nothing is paid before it is committed; a
 * member is never owed for more than one step; its text counts only when it opens every commitment;
 * whatever was receipted in good order is paid, also when the job is cancelled.
 */
import type { Receipt, Reveal } from '@duckmesh/proto'
import { checkFinish, checkMemberReceipt } from './check-receipt.ts'
import { checkReveal } from './check-reveal.ts'
import type { Commitment } from './check-reveal.ts'
import { abort, endStopped, finish, onAccept, onAward } from './client-segment.ts'
import { onClosed, onRefused, startClientSegment, timedOut } from './client-segment.ts'
import { unexpected, withPrepaid } from './client-segment.ts'
import type { ClientEffect, ClientEvent, ClientSegment, ClientStep } from './client-segment.ts'
import type { ClientTimeouts, FinishReason, JobFailure } from './interface.ts'
import { end, enter, isTerminal } from './lifecycle.ts'
import { addReceipt, stepPriceAt } from './progress.ts'
import type { SegmentFacts } from './progress.ts'

export interface MemberSegment extends ClientSegment {
  /** What the receipts committed to, in order. */
  readonly commitments: readonly Commitment[]
  /** Sum of the amounts that this side set out to pay, wei; what was asked for once is not asked for twice. */
  readonly asked: bigint
  /** The last voucher is on its way: all that is due is asked for. */
  readonly released: boolean
  /** When the last voucher was signed, milliseconds since 1970. */
  readonly releasedAtMs?: number
  /** Why this side stopped the member, when nobody cancelled. */
  readonly stopped?: JobFailure
}

type MemberStep = ClientStep<MemberSegment>
type ReceiptEvent = Extract<ClientEvent, { type: 'receipt' }>

/** A member whose award is not yet sent. */
export function startMemberClient(
  facts: SegmentFacts,
  nowMs: number,
  timeouts: Partial<ClientTimeouts> = {},
): MemberSegment {
  return {
    ...startClientSegment(facts, nowMs, timeouts),
    commitments: [],
    asked: 0n,
    released: false,
  }
}

/** One transition. Events that a terminal state gets are ignored: the money is settled already. */
export function stepMemberClient(
  state: MemberSegment,
  event: ClientEvent,
  nowMs: number,
): MemberStep {
  if (isTerminal(state.state)) return { state, effects: [] }
  switch (event.type) {
    case 'award':
      return onAward(state, 0n, nowMs)
    case 'accept':
      return onAccept(state, event.valid, nowMs)
    case 'refused':
      return onRefused(state, event, nowMs, state.stopped)
    case 'chunk':
      return unexpected(state, 'chunk', nowMs)
    case 'receipt':
      return onReceipt(state, event, nowMs)
    case 'paid':
      return onPaid(state, event.amount, nowMs)
    case 'payFailed':
      return abort(state, event.code, event.detail, nowMs)
    case 'release':
      return release(state)
    case 'reveal':
      return onReveal(state, event.reveal, nowMs)
    case 'cancel':
      return onCancel(state, nowMs)
    case 'closed':
      return onClosed(state, nowMs, state.stopped)
    case 'tick':
      return onTick(state, nowMs)
  }
}

/** Receipted and not paid, wei. */
function owed(state: MemberSegment): bigint {
  return state.progress.due - state.progress.prepaid
}

/**
 * Sets out to pay all that is receipted; `last` says that no receipt may follow. Between steps that cost nothing
 * no voucher goes out: it could come in after the last commitment and would open it.
 */
function settle(
  state: MemberSegment,
  last: boolean,
  before: readonly ClientEffect[] = [],
): MemberStep {
  const { due } = state.progress
  const amount = due - state.asked
  const effects: ClientEffect[] = [...before]
  if (last || amount > 0n) effects.push({ type: 'settle', amount })
  return { state: { ...state, asked: due, released: state.released || last }, effects }
}

function onReceipt(state: MemberSegment, event: ReceiptEvent, nowMs: number): MemberStep {
  const early = state.state === 'awarded' && state.cancelledAtMs !== undefined
  const runs = state.state === 'accepted' || state.state === 'running' || early
  // A cancelled member whose last receipt is being paid is not completed, yet it is done.
  if (!runs || state.released) return unexpected(state, 'receipt', nowMs)
  const { receipt } = event
  const wrong = wrongReceipt(state, event)
  if (wrong !== null)
    return abort(state, 'RECEIPT_INVALID', `The receipt is wrong: ${wrong}.`, nowMs)
  const taken = take(state, receipt, nowMs)
  const keep: ClientEffect = { type: 'keepReceipt', receipt }
  if (receipt.last) return onLastReceipt(taken, event.finishReason, keep, nowMs)
  const paying = settle(enter(taken, 'running', nowMs), false, [keep])
  const { facts, progress, cancelledAtMs } = paying.state
  const upTo = progress.due + stepPriceAt(facts.terms, progress)
  if (cancelledAtMs !== undefined || upTo <= facts.terms.budget) return paying
  // Before the voucher: with the voucher alone the member would start the step that is not affordable.
  const stopped = {
    code: 'BUDGET',
    detail: `The next step would cost ${upTo} wei in all.`,
  } as const
  const stopping = { ...paying.state, cancelledAtMs: nowMs, stopped }
  return { state: stopping, effects: [{ type: 'sendCancel', reason: 'BUDGET' }, ...paying.effects] }
}

function wrongReceipt(state: MemberSegment, event: ReceiptEvent): string | null {
  if (!event.signed) return 'not signed by the operator'
  const { facts, progress, cancelledAtMs } = state
  // A step that is committed and not paid is the most a member may be owed.
  if (owed(state) > 0n && event.receipt.tokensOut > 0) return 'a step before it is not paid'
  // It ran a step although it was told to stop.
  if (progress.due + event.receipt.amount > facts.terms.budget)
    return 'the amount is above the budget'
  return (
    checkMemberReceipt(facts, progress, event.receipt) ??
    checkFinish(event.receipt, event.finishReason, cancelledAtMs !== undefined)
  )
}

function take(state: MemberSegment, receipt: Receipt, nowMs: number): MemberSegment {
  const progress = addReceipt(state.progress, receipt)
  const commitment = { root: receipt.tokensRoot, tokens: progress.receiptedOut }
  const commitments = [...state.commitments, commitment]
  return { ...state, progress, commitments, progressAtMs: nowMs }
}

/** The last commitment: it is paid when every member has given its own, or at once when nobody waits for it. */
function onLastReceipt(
  state: MemberSegment,
  finishReason: FinishReason | '',
  keep: ClientEffect,
  nowMs: number,
): MemberStep {
  if (state.cancelledAtMs === undefined) {
    const done = enter(state, 'completed', nowMs)
    return { state: finishReason === '' ? done : { ...done, finishReason }, effects: [keep] }
  }
  const cancelled = { ...state, finishReason: 'cancelled' as const }
  if (owed(cancelled) === 0n) return over(cancelled, nowMs, [keep])
  if (cancelled.asked < cancelled.progress.due) return settle(cancelled, true, [keep])
  // The voucher for all of it is being signed.
  return { state: { ...cancelled, released: true }, effects: [keep] }
}

function over(
  state: MemberSegment,
  nowMs: number,
  before: readonly ClientEffect[] = [],
): MemberStep {
  const ended = endStopped(state, 'The client cancelled the job.', nowMs, state.stopped)
  return finish(ended, before, true)
}

function onPaid(state: MemberSegment, amount: bigint, nowMs: number): MemberStep {
  const paid = { ...withPrepaid(state, amount), progressAtMs: nowMs }
  if (!paid.released || owed(paid) > 0n) return { state: paid, effects: [] }
  if (paid.cancelledAtMs !== undefined) return over(paid, nowMs)
  return { state: { ...paid, releasedAtMs: nowMs }, effects: [] }
}

/** Also over nothing: the voucher is what the member waits for before it reveals (rule R-7). */
function release(state: MemberSegment): MemberStep {
  if (state.state !== 'completed' || state.released) return { state, effects: [] }
  return settle(state, true)
}

function onReveal(state: MemberSegment, reveal: Reveal, nowMs: number): MemberStep {
  if (state.releasedAtMs === undefined) return unexpected(state, 'reveal', nowMs)
  const wrong = checkReveal(state.commitments, reveal)
  if (wrong !== null) return finish(end(state, 'failed', 'REVEAL_INVALID', wrong, nowMs), [], true)
  const { ids, salt, text } = reveal
  const shown = { ...state, salt, progress: { ...state.progress, ids } }
  return finish(enter(shown, 'finalized', nowMs), [{ type: 'deliver', ids, text }], true)
}

/** What is receipted is paid: a member that committed gets its last voucher, one that runs stops and bills. */
function onCancel(state: MemberSegment, nowMs: number): MemberStep {
  if (state.cancelledAtMs !== undefined || state.released) return { state, effects: [] }
  if (state.state === 'posted') {
    return finish(end(state, 'cancelled', 'CANCELLED', 'Cancelled before the award.', nowMs))
  }
  const cancelling = { ...state, cancelledAtMs: nowMs }
  if (state.state !== 'completed') {
    return { state: cancelling, effects: [{ type: 'sendCancel', reason: 'CANCELLED' }] }
  }
  return settle(cancelling, true)
}

function onTick(state: MemberSegment, nowMs: number): MemberStep {
  const { facts, releasedAtMs, timeouts } = state
  if (releasedAtMs !== undefined) {
    if (nowMs - releasedAtMs < timeouts.revealMs) return { state, effects: [] }
    const what = 'No reveal came after the last voucher.'
    return finish(end(state, 'failed', 'REVEAL_MISSING', what, nowMs), [], true)
  }
  const waits = state.state === 'completed' && state.cancelledAtMs === undefined
  if (!waits) return timedOut(state, nowMs, state.stopped) ?? { state, effects: [] }
  // Nobody released it in time; it did its work, so it is paid and may show what it did.
  return nowMs >= facts.deadlineMs ? release(state) : { state, effects: [] }
}
