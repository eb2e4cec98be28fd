import { expect } from 'chai'
import { ACCEPT_TIMEOUT_MS, CANCEL_TIMEOUT_MS } from '../../src/dispatch/constants.ts'
import { REVEAL_TIMEOUT_MS, STALL_TIMEOUT_MS } from '../../src/dispatch/constants.ts'
import type { ClientEffect, ClientEvent } from '../../src/dispatch/index.ts'
import { stepMemberClient } from '../../src/dispatch/member-client-machine.ts'
import type { MemberSegment } from '../../src/dispatch/member-client-machine.ts'
import { DEADLINE, FACTS, NOW, readTable } from '../support/machine-fixtures.ts'
import { SALT, accepted, awarded, cancel, completed, feed } from './support/member-client-states.ts'
import {
  ids,
  posted,
  receiptEvent,
  receiptFor,
  release,
  released,
} from './support/member-client-states.ts'
import { releasing, running, stopping, unpaid } from './support/member-client-states.ts'

/**
 * Every state × every event. Outcome: next state, failure code in brackets, then the effects; `-` when nothing
 * happens, `=` when only counters change.
 *
 * States: `running` (the first step is receipted and paid), `unpaid` (the second is receipted, its voucher not yet
 * signed), `completed` (the last receipt is in), `releasing` (released, its voucher not yet signed), `released` (its
 * voucher is out), `stopping.*` (the client cancelled in that state), `cancelling` (the last receipt came after a
 * cancel and is not yet paid).
 */
const TABLE = `
posted           | award           | awarded
posted           | accept          | failed(UNEXPECTED_FRAME) end
posted           | accept forged   | failed(UNEXPECTED_FRAME) end
posted           | refused         | failed(PROVIDER_BUSY) end
posted           | chunk           | failed(UNEXPECTED_FRAME) end
posted           | receipt         | failed(UNEXPECTED_FRAME) end
posted           | receipt last    | failed(UNEXPECTED_FRAME) end
posted           | receipt nothing | failed(UNEXPECTED_FRAME) end
posted           | receipt forged  | failed(UNEXPECTED_FRAME) end
posted           | paid            | =
posted           | payFailed       | failed(BALANCE_INSUFFICIENT) end
posted           | release         | -
posted           | reveal          | failed(UNEXPECTED_FRAME) end
posted           | reveal wrong    | failed(UNEXPECTED_FRAME) end
posted           | cancel          | cancelled(CANCELLED) end
posted           | closed          | failed(PROVIDER_LOST) end
posted           | tick            | -
posted           | tick accept     | -
posted           | tick stall      | -
posted           | tick cancel     | -
posted           | tick reveal     | -
posted           | tick deadline   | expired(JOB_EXPIRED) end
awarded          | award           | -
awarded          | accept          | accepted
awarded          | accept forged   | failed(BAD_SIGNATURE) sendCancel end
awarded          | refused         | failed(PROVIDER_BUSY) end
awarded          | chunk           | failed(UNEXPECTED_FRAME) sendCancel end
awarded          | receipt         | failed(UNEXPECTED_FRAME) sendCancel end
awarded          | receipt last    | failed(UNEXPECTED_FRAME) sendCancel end
awarded          | receipt nothing | failed(UNEXPECTED_FRAME) sendCancel end
awarded          | receipt forged  | failed(UNEXPECTED_FRAME) sendCancel end
awarded          | paid            | =
awarded          | payFailed       | failed(BALANCE_INSUFFICIENT) sendCancel end
awarded          | release         | -
awarded          | reveal          | failed(UNEXPECTED_FRAME) sendCancel end
awarded          | reveal wrong    | failed(UNEXPECTED_FRAME) sendCancel end
awarded          | cancel          | awarded sendCancel
awarded          | closed          | failed(PROVIDER_LOST) end
awarded          | tick            | -
awarded          | tick accept     | failed(TIMED_OUT) sendCancel end
awarded          | tick stall      | failed(TIMED_OUT) sendCancel end
awarded          | tick cancel     | -
awarded          | tick reveal     | -
awarded          | tick deadline   | failed(JOB_EXPIRED) sendCancel end
accepted         | award           | -
accepted         | accept          | failed(UNEXPECTED_FRAME) sendCancel end
accepted         | accept forged   | failed(UNEXPECTED_FRAME) sendCancel end
accepted         | refused         | failed(PROVIDER_BUSY) end
accepted         | chunk           | failed(UNEXPECTED_FRAME) sendCancel end
accepted         | receipt         | running keepReceipt settle
accepted         | receipt last    | completed keepReceipt
accepted         | receipt nothing | failed(RECEIPT_INVALID) sendCancel end
accepted         | receipt forged  | failed(RECEIPT_INVALID) sendCancel end
accepted         | paid            | =
accepted         | payFailed       | failed(BALANCE_INSUFFICIENT) sendCancel end
accepted         | release         | -
accepted         | reveal          | failed(UNEXPECTED_FRAME) sendCancel end
accepted         | reveal wrong    | failed(UNEXPECTED_FRAME) sendCancel end
accepted         | cancel          | accepted sendCancel
accepted         | closed          | failed(PROVIDER_LOST) end
accepted         | tick            | -
accepted         | tick accept     | -
accepted         | tick stall      | failed(PROVIDER_STALLED) sendCancel end
accepted         | tick cancel     | -
accepted         | tick reveal     | -
accepted         | tick deadline   | failed(JOB_EXPIRED) sendCancel end
running          | award           | -
running          | accept          | failed(UNEXPECTED_FRAME) sendCancel end
running          | accept forged   | failed(UNEXPECTED_FRAME) sendCancel end
running          | refused         | failed(PROVIDER_BUSY) end
running          | chunk           | failed(UNEXPECTED_FRAME) sendCancel end
running          | receipt         | running keepReceipt settle
running          | receipt last    | completed keepReceipt
running          | receipt nothing | failed(RECEIPT_INVALID) sendCancel end
running          | receipt forged  | failed(RECEIPT_INVALID) sendCancel end
running          | paid            | =
running          | payFailed       | failed(BALANCE_INSUFFICIENT) sendCancel end
running          | release         | -
running          | reveal          | failed(UNEXPECTED_FRAME) sendCancel end
running          | reveal wrong    | failed(UNEXPECTED_FRAME) sendCancel end
running          | cancel          | running sendCancel
running          | closed          | failed(PROVIDER_LOST) end
running          | tick            | -
running          | tick accept     | -
running          | tick stall      | failed(PROVIDER_STALLED) sendCancel end
running          | tick cancel     | -
running          | tick reveal     | -
running          | tick deadline   | failed(JOB_EXPIRED) sendCancel end
unpaid           | award           | -
unpaid           | accept          | failed(UNEXPECTED_FRAME) sendCancel end
unpaid           | accept forged   | failed(UNEXPECTED_FRAME) sendCancel end
unpaid           | refused         | failed(PROVIDER_BUSY) end
unpaid           | chunk           | failed(UNEXPECTED_FRAME) sendCancel end
unpaid           | receipt         | failed(RECEIPT_INVALID) sendCancel end
unpaid           | receipt last    | failed(RECEIPT_INVALID) sendCancel end
unpaid           | receipt nothing | failed(RECEIPT_INVALID) sendCancel end
unpaid           | receipt forged  | failed(RECEIPT_INVALID) sendCancel end
unpaid           | paid            | =
unpaid           | payFailed       | failed(BALANCE_INSUFFICIENT) sendCancel end
unpaid           | release         | -
unpaid           | reveal          | failed(UNEXPECTED_FRAME) sendCancel end
unpaid           | reveal wrong    | failed(UNEXPECTED_FRAME) sendCancel end
unpaid           | cancel          | running sendCancel
unpaid           | closed          | failed(PROVIDER_LOST) end
unpaid           | tick            | -
unpaid           | tick accept     | -
unpaid           | tick stall      | failed(PROVIDER_STALLED) sendCancel end
unpaid           | tick cancel     | -
unpaid           | tick reveal     | -
unpaid           | tick deadline   | failed(JOB_EXPIRED) sendCancel end
completed        | award           | -
completed        | accept          | failed(UNEXPECTED_FRAME) sendCancel end
completed        | accept forged   | failed(UNEXPECTED_FRAME) sendCancel end
completed        | refused         | failed(PROVIDER_BUSY) end
completed        | chunk           | failed(UNEXPECTED_FRAME) sendCancel end
completed        | receipt         | failed(UNEXPECTED_FRAME) sendCancel end
completed        | receipt last    | failed(UNEXPECTED_FRAME) sendCancel end
completed        | receipt nothing | failed(UNEXPECTED_FRAME) sendCancel end
completed        | receipt forged  | failed(UNEXPECTED_FRAME) sendCancel end
completed        | paid            | =
completed        | payFailed       | failed(BALANCE_INSUFFICIENT) sendCancel end
completed        | release         | completed settle
completed        | reveal          | failed(UNEXPECTED_FRAME) sendCancel end
completed        | reveal wrong    | failed(UNEXPECTED_FRAME) sendCancel end
completed        | cancel          | completed settle
completed        | closed          | failed(PROVIDER_LOST) end
completed        | tick            | -
completed        | tick accept     | -
completed        | tick stall      | -
completed        | tick cancel     | -
completed        | tick reveal     | -
completed        | tick deadline   | completed settle
releasing        | award           | -
releasing        | accept          | failed(UNEXPECTED_FRAME) sendCancel end
releasing        | accept forged   | failed(UNEXPECTED_FRAME) sendCancel end
releasing        | refused         | failed(PROVIDER_BUSY) end
releasing        | chunk           | failed(UNEXPECTED_FRAME) sendCancel end
releasing        | receipt         | failed(UNEXPECTED_FRAME) sendCancel end
releasing        | receipt last    | failed(UNEXPECTED_FRAME) sendCancel end
releasing        | receipt nothing | failed(UNEXPECTED_FRAME) sendCancel end
releasing        | receipt forged  | failed(UNEXPECTED_FRAME) sendCancel end
releasing        | paid            | =
releasing        | payFailed       | failed(BALANCE_INSUFFICIENT) sendCancel end
releasing        | release         | -
releasing        | reveal          | failed(UNEXPECTED_FRAME) sendCancel end
releasing        | reveal wrong    | failed(UNEXPECTED_FRAME) sendCancel end
releasing        | cancel          | -
releasing        | closed          | failed(PROVIDER_LOST) end
releasing        | tick            | -
releasing        | tick accept     | -
releasing        | tick stall      | -
releasing        | tick cancel     | -
releasing        | tick reveal     | -
releasing        | tick deadline   | -
released         | award           | -
released         | accept          | failed(UNEXPECTED_FRAME) sendCancel end
released         | accept forged   | failed(UNEXPECTED_FRAME) sendCancel end
released         | refused         | failed(PROVIDER_BUSY) end
released         | chunk           | failed(UNEXPECTED_FRAME) sendCancel end
released         | receipt         | failed(UNEXPECTED_FRAME) sendCancel end
released         | receipt last    | failed(UNEXPECTED_FRAME) sendCancel end
released         | receipt nothing | failed(UNEXPECTED_FRAME) sendCancel end
released         | receipt forged  | failed(UNEXPECTED_FRAME) sendCancel end
released         | paid            | =
released         | payFailed       | failed(BALANCE_INSUFFICIENT) sendCancel end
released         | release         | -
released         | reveal          | finalized deliver end
released         | reveal wrong    | failed(REVEAL_INVALID) end
released         | cancel          | -
released         | closed          | failed(PROVIDER_LOST) end
released         | tick            | -
released         | tick accept     | failed(REVEAL_MISSING) end
released         | tick stall      | failed(REVEAL_MISSING) end
released         | tick cancel     | failed(REVEAL_MISSING) end
released         | tick reveal     | failed(REVEAL_MISSING) end
released         | tick deadline   | failed(REVEAL_MISSING) end
stopping.awarded | award           | -
stopping.awarded | accept          | accepted
stopping.awarded | accept forged   | failed(BAD_SIGNATURE) sendCancel end
stopping.awarded | refused         | cancelled(CANCELLED) end
stopping.awarded | chunk           | failed(UNEXPECTED_FRAME) sendCancel end
stopping.awarded | receipt         | running keepReceipt settle
stopping.awarded | receipt last    | awarded keepReceipt settle
stopping.awarded | receipt nothing | awarded keepReceipt settle
stopping.awarded | receipt forged  | failed(RECEIPT_INVALID) sendCancel end
stopping.awarded | paid            | =
stopping.awarded | payFailed       | failed(BALANCE_INSUFFICIENT) sendCancel end
stopping.awarded | release         | -
stopping.awarded | reveal          | failed(UNEXPECTED_FRAME) sendCancel end
stopping.awarded | reveal wrong    | failed(UNEXPECTED_FRAME) sendCancel end
stopping.awarded | cancel          | -
stopping.awarded | closed          | cancelled(CANCELLED) end
stopping.awarded | tick            | -
stopping.awarded | tick accept     | cancelled(CANCELLED) end
stopping.awarded | tick stall      | cancelled(CANCELLED) end
stopping.awarded | tick cancel     | cancelled(CANCELLED) end
stopping.awarded | tick reveal     | cancelled(CANCELLED) end
stopping.awarded | tick deadline   | cancelled(CANCELLED) end
stopping.running | award           | -
stopping.running | accept          | failed(UNEXPECTED_FRAME) sendCancel end
stopping.running | accept forged   | failed(UNEXPECTED_FRAME) sendCancel end
stopping.running | refused         | cancelled(CANCELLED) end
stopping.running | chunk           | failed(UNEXPECTED_FRAME) sendCancel end
stopping.running | receipt         | running keepReceipt settle
stopping.running | receipt last    | running keepReceipt settle
stopping.running | receipt nothing | cancelled(CANCELLED) keepReceipt end
stopping.running | receipt forged  | failed(RECEIPT_INVALID) sendCancel end
stopping.running | paid            | =
stopping.running | payFailed       | failed(BALANCE_INSUFFICIENT) sendCancel end
stopping.running | release         | -
stopping.running | reveal          | failed(UNEXPECTED_FRAME) sendCancel end
stopping.running | reveal wrong    | failed(UNEXPECTED_FRAME) sendCancel end
stopping.running | cancel          | -
stopping.running | closed          | cancelled(CANCELLED) end
stopping.running | tick            | -
stopping.running | tick accept     | cancelled(CANCELLED) end
stopping.running | tick stall      | cancelled(CANCELLED) end
stopping.running | tick cancel     | cancelled(CANCELLED) end
stopping.running | tick reveal     | cancelled(CANCELLED) end
stopping.running | tick deadline   | cancelled(CANCELLED) end
stopping.unpaid  | award           | -
stopping.unpaid  | accept          | failed(UNEXPECTED_FRAME) sendCancel end
stopping.unpaid  | accept forged   | failed(UNEXPECTED_FRAME) sendCancel end
stopping.unpaid  | refused         | cancelled(CANCELLED) end
stopping.unpaid  | chunk           | failed(UNEXPECTED_FRAME) sendCancel end
stopping.unpaid  | receipt         | failed(RECEIPT_INVALID) sendCancel end
stopping.unpaid  | receipt last    | failed(RECEIPT_INVALID) sendCancel end
stopping.unpaid  | receipt nothing | running keepReceipt
stopping.unpaid  | receipt forged  | failed(RECEIPT_INVALID) sendCancel end
stopping.unpaid  | paid            | =
stopping.unpaid  | payFailed       | failed(BALANCE_INSUFFICIENT) sendCancel end
stopping.unpaid  | release         | -
stopping.unpaid  | reveal          | failed(UNEXPECTED_FRAME) sendCancel end
stopping.unpaid  | reveal wrong    | failed(UNEXPECTED_FRAME) sendCancel end
stopping.unpaid  | cancel          | -
stopping.unpaid  | closed          | cancelled(CANCELLED) end
stopping.unpaid  | tick            | -
stopping.unpaid  | tick accept     | cancelled(CANCELLED) end
stopping.unpaid  | tick stall      | cancelled(CANCELLED) end
stopping.unpaid  | tick cancel     | cancelled(CANCELLED) end
stopping.unpaid  | tick reveal     | cancelled(CANCELLED) end
stopping.unpaid  | tick deadline   | cancelled(CANCELLED) end
cancelling       | award           | -
cancelling       | accept          | failed(UNEXPECTED_FRAME) sendCancel end
cancelling       | accept forged   | failed(UNEXPECTED_FRAME) sendCancel end
cancelling       | refused         | cancelled(CANCELLED) end
cancelling       | chunk           | failed(UNEXPECTED_FRAME) sendCancel end
cancelling       | receipt         | failed(UNEXPECTED_FRAME) sendCancel end
cancelling       | receipt last    | failed(UNEXPECTED_FRAME) sendCancel end
cancelling       | receipt nothing | failed(UNEXPECTED_FRAME) sendCancel end
cancelling       | receipt forged  | failed(UNEXPECTED_FRAME) sendCancel end
cancelling       | paid            | cancelled(CANCELLED) end
cancelling       | payFailed       | failed(BALANCE_INSUFFICIENT) sendCancel end
cancelling       | release         | -
cancelling       | reveal          | failed(UNEXPECTED_FRAME) sendCancel end
cancelling       | reveal wrong    | failed(UNEXPECTED_FRAME) sendCancel end
cancelling       | cancel          | -
cancelling       | closed          | cancelled(CANCELLED) end
cancelling       | tick            | -
cancelling       | tick accept     | cancelled(CANCELLED) end
cancelling       | tick stall      | cancelled(CANCELLED) end
cancelling       | tick cancel     | cancelled(CANCELLED) end
cancelling       | tick reveal     | cancelled(CANCELLED) end
cancelling       | tick deadline   | cancelled(CANCELLED) end
`

const STATES: Record<string, MemberSegment> = {
  posted,
  awarded,
  accepted,
  running,
  unpaid,
  completed,
  releasing,
  released,
  'stopping.awarded': feed(awarded, cancel),
  'stopping.running': stopping,
  'stopping.unpaid': feed(unpaid, cancel),
  cancelling: feed(stopping, receiptEvent(receiptFor(stopping, 5, true))),
}

function eventsFor(state: MemberSegment): Record<string, [ClientEvent, number]> {
  const { jobId, segment } = FACTS
  const full = receiptEvent(receiptFor(state, 64, false))
  const last = receiptEvent(receiptFor(state, 5, true))
  const nothing = {
    ...receiptEvent(receiptFor(state, 0, true)),
    finishReason: 'cancelled',
  } as const
  const chunk = { jobId, segment, n: 1, ids: [1], textDelta: 'x', h: jobId }
  const revealed = ids.slice(0, state.progress.receiptedOut)
  const reveal = { jobId, segment, salt: SALT, ids: revealed, text: 'an answer' }
  const tick: ClientEvent = { type: 'tick' }
  return {
    award: [{ type: 'award', prepaid: 0n }, NOW],
    accept: [{ type: 'accept', valid: true }, NOW],
    'accept forged': [{ type: 'accept', valid: false }, NOW],
    refused: [{ type: 'refused', code: 'PROVIDER_BUSY', detail: '' }, NOW],
    chunk: [{ type: 'chunk', chunk }, NOW],
    receipt: [full, NOW],
    'receipt last': [last, NOW],
    'receipt nothing': [nothing, NOW],
    'receipt forged': [{ ...full, signed: false } as ClientEvent, NOW],
    paid: [{ type: 'paid', amount: state.progress.due - state.progress.prepaid }, NOW],
    payFailed: [{ type: 'payFailed', code: 'BALANCE_INSUFFICIENT', detail: '' }, NOW],
    release: [release, NOW],
    reveal: [{ type: 'reveal', reveal }, NOW],
    'reveal wrong': [{ type: 'reveal', reveal: { ...reveal, salt: FACTS.jobId } }, NOW],
    cancel: [cancel, NOW],
    closed: [{ type: 'closed' }, NOW],
    tick: [tick, NOW],
    'tick accept': [tick, NOW + ACCEPT_TIMEOUT_MS],
    'tick stall': [tick, NOW + STALL_TIMEOUT_MS],
    'tick cancel': [tick, NOW + CANCEL_TIMEOUT_MS],
    'tick reveal': [tick, NOW + REVEAL_TIMEOUT_MS],
    'tick deadline': [tick, DEADLINE],
  }
}

function nameOf(effect: ClientEffect): string {
  return effect.type === 'end' && !effect.agreed ? 'end?' : effect.type
}

function outcome(before: MemberSegment, event: ClientEvent, nowMs: number): string {
  const { state, effects } = stepMemberClient(before, event, nowMs)
  if (state === before && effects.length === 0) return '-'
  if (state.state === before.state && effects.length === 0) return '='
  const code = state.failure === undefined ? '' : `(${state.failure.code})`
  return [`${state.state}${code}`, ...effects.map(nameOf)].join(' ')
}

function actual(): string[] {
  return Object.entries(STATES).flatMap(([name, state]) =>
    Object.entries(eventsFor(state)).map(
      ([event, [value, nowMs]]) => `${name} | ${event} | ${outcome(state, value, nowMs)}`,
    ),
  )
}

describe('client machine of a member', () => {
  it('does what the table says for every state and event', () => {
    const rows = readTable(TABLE).map(
      ({ state, event, outcome: to }) => `${state} | ${event} | ${to}`,
    )
    expect(actual()).to.deep.equal(rows)
  })

  it('ignores everything in every terminal state', () => {
    for (const state of ['finalized', 'expired', 'cancelled', 'failed', 'disputed'] as const) {
      const over = { ...running, state }
      for (const [event, nowMs] of Object.values(eventsFor(over))) {
        expect(stepMemberClient(over, event, nowMs)).to.deep.equal({ state: over, effects: [] })
      }
    }
  })
})
