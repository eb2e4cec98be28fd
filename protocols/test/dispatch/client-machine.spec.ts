import { expect } from 'chai'
import { startClientSegment, stepClient } from '../../src/dispatch/index.ts'
import type { ClientEffect, ClientEvent, ClientSegment } from '../../src/dispatch/index.ts'
import { firstStepPrice } from '../../src/dispatch/index.ts'
import { ACCEPT_TIMEOUT_MS, CANCEL_TIMEOUT_MS } from '../../src/dispatch/constants.ts'
import { STALL_TIMEOUT_MS } from '../../src/dispatch/constants.ts'
import { DEADLINE, FACTS, NOW, TERMS } from '../support/machine-fixtures.ts'
import { nextChunk, nextReceipt, readTable } from '../support/machine-fixtures.ts'

/**
 * Every state × every event. Outcome: next state, failure code in brackets, then the effects; `-` when nothing
 * happens. `end?` closes the accounts with a paid step in doubt, `end` with both sides agreed.
 *
 * States: `accepted`, `running` (32 of 64 tokens came), `full` (64 came, no receipt yet), `unpaid` (receipt
 * taken, voucher for the next step not yet signed), `stopping.*` (the client cancelled in that state).
 */
const TABLE = `
posted           | award             | awarded
posted           | accept            | failed(UNEXPECTED_FRAME) end
posted           | accept forged     | failed(UNEXPECTED_FRAME) end
posted           | refused           | failed(PROVIDER_BUSY) end
posted           | chunk             | failed(UNEXPECTED_FRAME) end
posted           | chunk wrong       | failed(UNEXPECTED_FRAME) end
posted           | receipt           | failed(UNEXPECTED_FRAME) end
posted           | receipt last      | failed(UNEXPECTED_FRAME) end
posted           | receipt cancelled | failed(UNEXPECTED_FRAME) end
posted           | receipt forged    | failed(UNEXPECTED_FRAME) end
posted           | paid              | posted
posted           | payFailed         | failed(BALANCE_INSUFFICIENT) end
posted           | release           | -
posted           | reveal            | failed(UNEXPECTED_FRAME) end
posted           | cancel            | cancelled(CANCELLED) end
posted           | closed            | failed(PROVIDER_LOST) end
posted           | tick              | -
posted           | tick accept       | -
posted           | tick stall        | -
posted           | tick cancel       | -
posted           | tick deadline     | expired(JOB_EXPIRED) end
awarded          | award             | -
awarded          | accept            | accepted
awarded          | accept forged     | failed(BAD_SIGNATURE) sendCancel end?
awarded          | refused           | failed(PROVIDER_BUSY) end
awarded          | chunk             | failed(UNEXPECTED_FRAME) sendCancel end?
awarded          | chunk wrong       | failed(UNEXPECTED_FRAME) sendCancel end?
awarded          | receipt           | failed(UNEXPECTED_FRAME) sendCancel end?
awarded          | receipt last      | failed(UNEXPECTED_FRAME) sendCancel end?
awarded          | receipt cancelled | failed(UNEXPECTED_FRAME) sendCancel end?
awarded          | receipt forged    | failed(UNEXPECTED_FRAME) sendCancel end?
awarded          | paid              | awarded
awarded          | payFailed         | failed(BALANCE_INSUFFICIENT) sendCancel end?
awarded          | release           | -
awarded          | reveal            | failed(UNEXPECTED_FRAME) sendCancel end?
awarded          | cancel            | awarded sendCancel
awarded          | closed            | failed(PROVIDER_LOST) end?
awarded          | tick              | -
awarded          | tick accept       | failed(TIMED_OUT) sendCancel end?
awarded          | tick stall        | failed(TIMED_OUT) sendCancel end?
awarded          | tick cancel       | -
awarded          | tick deadline     | failed(JOB_EXPIRED) sendCancel end?
accepted         | award             | -
accepted         | accept            | failed(UNEXPECTED_FRAME) sendCancel end?
accepted         | accept forged     | failed(UNEXPECTED_FRAME) sendCancel end?
accepted         | refused           | failed(PROVIDER_BUSY) end
accepted         | chunk             | running deliver
accepted         | chunk wrong       | failed(CHUNK_INVALID) sendCancel end?
accepted         | receipt           | failed(RECEIPT_INVALID) sendCancel end?
accepted         | receipt last      | finalized bookReceipt end
accepted         | receipt cancelled | failed(RECEIPT_INVALID) sendCancel end?
accepted         | receipt forged    | failed(RECEIPT_INVALID) sendCancel end?
accepted         | paid              | accepted
accepted         | payFailed         | failed(BALANCE_INSUFFICIENT) sendCancel end?
accepted         | release           | -
accepted         | reveal            | failed(UNEXPECTED_FRAME) sendCancel end?
accepted         | cancel            | accepted sendCancel
accepted         | closed            | failed(PROVIDER_LOST) end?
accepted         | tick              | -
accepted         | tick accept       | -
accepted         | tick stall        | failed(PROVIDER_STALLED) sendCancel end?
accepted         | tick cancel       | -
accepted         | tick deadline     | failed(JOB_EXPIRED) sendCancel end?
running          | award             | -
running          | accept            | failed(UNEXPECTED_FRAME) sendCancel end?
running          | accept forged     | failed(UNEXPECTED_FRAME) sendCancel end?
running          | refused           | failed(PROVIDER_BUSY) end
running          | chunk             | running deliver
running          | chunk wrong       | failed(CHUNK_INVALID) sendCancel end?
running          | receipt           | failed(RECEIPT_INVALID) sendCancel end?
running          | receipt last      | finalized bookReceipt end
running          | receipt cancelled | failed(RECEIPT_INVALID) sendCancel end?
running          | receipt forged    | failed(RECEIPT_INVALID) sendCancel end?
running          | paid              | running
running          | payFailed         | failed(BALANCE_INSUFFICIENT) sendCancel end?
running          | release           | -
running          | reveal            | failed(UNEXPECTED_FRAME) sendCancel end?
running          | cancel            | running sendCancel
running          | closed            | failed(PROVIDER_LOST) end?
running          | tick              | -
running          | tick accept       | -
running          | tick stall        | failed(PROVIDER_STALLED) sendCancel end?
running          | tick cancel       | -
running          | tick deadline     | failed(JOB_EXPIRED) sendCancel end?
full             | award             | -
full             | accept            | failed(UNEXPECTED_FRAME) sendCancel end?
full             | accept forged     | failed(UNEXPECTED_FRAME) sendCancel end?
full             | refused           | failed(PROVIDER_BUSY) end
full             | chunk             | failed(CHUNK_INVALID) sendCancel end?
full             | chunk wrong       | failed(CHUNK_INVALID) sendCancel end?
full             | receipt           | running bookReceipt pay
full             | receipt last      | finalized bookReceipt end
full             | receipt cancelled | failed(RECEIPT_INVALID) sendCancel end?
full             | receipt forged    | failed(RECEIPT_INVALID) sendCancel end?
full             | paid              | running
full             | payFailed         | failed(BALANCE_INSUFFICIENT) sendCancel end?
full             | release           | -
full             | reveal            | failed(UNEXPECTED_FRAME) sendCancel end?
full             | cancel            | running sendCancel
full             | closed            | failed(PROVIDER_LOST) end?
full             | tick              | -
full             | tick accept       | -
full             | tick stall        | failed(PROVIDER_STALLED) sendCancel end?
full             | tick cancel       | -
full             | tick deadline     | failed(JOB_EXPIRED) sendCancel end?
unpaid           | award             | -
unpaid           | accept            | failed(UNEXPECTED_FRAME) sendCancel end
unpaid           | accept forged     | failed(UNEXPECTED_FRAME) sendCancel end
unpaid           | refused           | failed(PROVIDER_BUSY) end
unpaid           | chunk             | running deliver
unpaid           | chunk wrong       | failed(CHUNK_INVALID) sendCancel end
unpaid           | receipt           | failed(RECEIPT_INVALID) sendCancel end
unpaid           | receipt last      | finalized bookReceipt end
unpaid           | receipt cancelled | failed(RECEIPT_INVALID) sendCancel end
unpaid           | receipt forged    | failed(RECEIPT_INVALID) sendCancel end
unpaid           | paid              | running
unpaid           | payFailed         | failed(BALANCE_INSUFFICIENT) sendCancel end
unpaid           | release           | -
unpaid           | reveal            | failed(UNEXPECTED_FRAME) sendCancel end
unpaid           | cancel            | running sendCancel
unpaid           | closed            | failed(PROVIDER_LOST) end
unpaid           | tick              | -
unpaid           | tick accept       | -
unpaid           | tick stall        | failed(PROVIDER_STALLED) sendCancel end
unpaid           | tick cancel       | -
unpaid           | tick deadline     | failed(JOB_EXPIRED) sendCancel end
stopping.awarded | award             | -
stopping.awarded | accept            | accepted
stopping.awarded | accept forged     | failed(BAD_SIGNATURE) sendCancel end?
stopping.awarded | refused           | cancelled(CANCELLED) end
stopping.awarded | chunk             | failed(UNEXPECTED_FRAME) sendCancel end?
stopping.awarded | chunk wrong       | failed(UNEXPECTED_FRAME) sendCancel end?
stopping.awarded | receipt           | failed(RECEIPT_INVALID) sendCancel end?
stopping.awarded | receipt last      | cancelled(CANCELLED) bookReceipt end
stopping.awarded | receipt cancelled | cancelled(CANCELLED) bookReceipt end
stopping.awarded | receipt forged    | failed(RECEIPT_INVALID) sendCancel end?
stopping.awarded | paid              | awarded
stopping.awarded | payFailed         | failed(BALANCE_INSUFFICIENT) sendCancel end?
stopping.awarded | release           | -
stopping.awarded | reveal            | failed(UNEXPECTED_FRAME) sendCancel end?
stopping.awarded | cancel            | -
stopping.awarded | closed            | cancelled(CANCELLED) end?
stopping.awarded | tick              | -
stopping.awarded | tick accept       | cancelled(CANCELLED) end?
stopping.awarded | tick stall        | cancelled(CANCELLED) end?
stopping.awarded | tick cancel       | cancelled(CANCELLED) end?
stopping.awarded | tick deadline     | cancelled(CANCELLED) end?
stopping.running | award             | -
stopping.running | accept            | failed(UNEXPECTED_FRAME) sendCancel end?
stopping.running | accept forged     | failed(UNEXPECTED_FRAME) sendCancel end?
stopping.running | refused           | cancelled(CANCELLED) end
stopping.running | chunk             | running deliver
stopping.running | chunk wrong       | failed(CHUNK_INVALID) sendCancel end?
stopping.running | receipt           | failed(RECEIPT_INVALID) sendCancel end?
stopping.running | receipt last      | cancelled(CANCELLED) bookReceipt end
stopping.running | receipt cancelled | cancelled(CANCELLED) bookReceipt end
stopping.running | receipt forged    | failed(RECEIPT_INVALID) sendCancel end?
stopping.running | paid              | running
stopping.running | payFailed         | failed(BALANCE_INSUFFICIENT) sendCancel end?
stopping.running | release           | -
stopping.running | reveal            | failed(UNEXPECTED_FRAME) sendCancel end?
stopping.running | cancel            | -
stopping.running | closed            | cancelled(CANCELLED) end?
stopping.running | tick              | -
stopping.running | tick accept       | cancelled(CANCELLED) end?
stopping.running | tick stall        | cancelled(CANCELLED) end?
stopping.running | tick cancel       | cancelled(CANCELLED) end?
stopping.running | tick deadline     | cancelled(CANCELLED) end?
stopping.full    | award             | -
stopping.full    | accept            | failed(UNEXPECTED_FRAME) sendCancel end?
stopping.full    | accept forged     | failed(UNEXPECTED_FRAME) sendCancel end?
stopping.full    | refused           | cancelled(CANCELLED) end
stopping.full    | chunk             | failed(CHUNK_INVALID) sendCancel end?
stopping.full    | chunk wrong       | failed(CHUNK_INVALID) sendCancel end?
stopping.full    | receipt           | running bookReceipt
stopping.full    | receipt last      | cancelled(CANCELLED) bookReceipt end
stopping.full    | receipt cancelled | cancelled(CANCELLED) bookReceipt end
stopping.full    | receipt forged    | failed(RECEIPT_INVALID) sendCancel end?
stopping.full    | paid              | running
stopping.full    | payFailed         | failed(BALANCE_INSUFFICIENT) sendCancel end?
stopping.full    | release           | -
stopping.full    | reveal            | failed(UNEXPECTED_FRAME) sendCancel end?
stopping.full    | cancel            | -
stopping.full    | closed            | cancelled(CANCELLED) end?
stopping.full    | tick              | -
stopping.full    | tick accept       | cancelled(CANCELLED) end?
stopping.full    | tick stall        | cancelled(CANCELLED) end?
stopping.full    | tick cancel       | cancelled(CANCELLED) end?
stopping.full    | tick deadline     | cancelled(CANCELLED) end?
`

type Events = Record<string, [ClientEvent, number]>

/** Feeds events one after the other at the same time. */
function feed(state: ClientSegment, ...events: ClientEvent[]): ClientSegment {
  return events.reduce((now, event) => stepClient(now, event, NOW).state, state)
}

const posted = startClientSegment(FACTS, NOW)
const awarded = feed(posted, { type: 'award', prepaid: firstStepPrice(TERMS) })
const accepted = feed(awarded, { type: 'accept', valid: true })
const running = feed(accepted, { type: 'chunk', chunk: nextChunk(accepted.progress, 32) })
const full = feed(running, { type: 'chunk', chunk: nextChunk(running.progress, 32) })
const unpaid = feed(full, {
  type: 'receipt',
  receipt: nextReceipt(full.progress, false),
  signed: true,
  finishReason: '',
})
const cancel: ClientEvent = { type: 'cancel' }

const STATES: Record<string, ClientSegment> = {
  posted,
  awarded,
  accepted,
  running,
  full,
  unpaid,
  'stopping.awarded': feed(awarded, cancel),
  'stopping.running': feed(running, cancel),
  'stopping.full': feed(full, cancel),
}

function eventsFor({ progress }: ClientSegment): Events {
  const receipt = nextReceipt(progress, false)
  const last = nextReceipt(progress, true)
  const ofReceipt = { type: 'receipt' as const, signed: true, finishReason: '' as const }
  const tick: ClientEvent = { type: 'tick' }
  const { jobId, segment } = FACTS
  const reveal = { jobId, segment, salt: jobId, ids: [...progress.ids], text: '' }
  return {
    award: [{ type: 'award', prepaid: 1n }, NOW],
    accept: [{ type: 'accept', valid: true }, NOW],
    'accept forged': [{ type: 'accept', valid: false }, NOW],
    refused: [{ type: 'refused', code: 'PROVIDER_BUSY', detail: '' }, NOW],
    chunk: [{ type: 'chunk', chunk: nextChunk(progress, 8) }, NOW],
    'chunk wrong': [{ type: 'chunk', chunk: { ...nextChunk(progress, 8), h: FACTS.jobId } }, NOW],
    receipt: [{ ...ofReceipt, receipt }, NOW],
    'receipt last': [{ ...ofReceipt, receipt: last, finishReason: 'stop' }, NOW],
    'receipt cancelled': [{ ...ofReceipt, receipt: last, finishReason: 'cancelled' }, NOW],
    'receipt forged': [{ ...ofReceipt, receipt, signed: false }, NOW],
    paid: [{ type: 'paid', amount: 5n }, NOW],
    payFailed: [{ type: 'payFailed', code: 'BALANCE_INSUFFICIENT', detail: '' }, NOW],
    release: [{ type: 'release' }, NOW],
    reveal: [{ type: 'reveal', reveal }, NOW],
    cancel: [cancel, NOW],
    closed: [{ type: 'closed' }, NOW],
    tick: [tick, NOW],
    'tick accept': [tick, NOW + ACCEPT_TIMEOUT_MS],
    'tick stall': [tick, NOW + STALL_TIMEOUT_MS],
    'tick cancel': [tick, NOW + CANCEL_TIMEOUT_MS],
    'tick deadline': [tick, DEADLINE],
  }
}

function nameOf(effect: ClientEffect): string {
  return effect.type === 'end' && !effect.agreed ? 'end?' : effect.type
}

function outcome(before: ClientSegment, event: ClientEvent, nowMs: number): string {
  const { state, effects } = stepClient(before, event, nowMs)
  if (state === before && effects.length === 0) return '-'
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

describe('client machine', () => {
  it('does what the table says for every state and event', () => {
    const rows = readTable(TABLE).map(
      ({ state, event, outcome: to }) => `${state} | ${event} | ${to}`,
    )
    expect(actual()).to.deep.equal(rows)
  })

  it('ignores everything in every terminal state', () => {
    const ends = ['finalized', 'expired', 'cancelled', 'failed'] as const
    for (const state of ends) {
      const over = { ...running, state }
      for (const [event, nowMs] of Object.values(eventsFor(over))) {
        expect(stepClient(over, event, nowMs)).to.deep.equal({ state: over, effects: [] })
      }
    }
  })

  it('pays exactly what is missing for a full next step', () => {
    const receipt = nextReceipt(full.progress, false)
    const { effects } = stepClient(
      full,
      { type: 'receipt', receipt, signed: true, finishReason: '' },
      NOW,
    )
    // 64 tokens out at 1001 per 1000, less what the shorter prompt left over of the first step.
    const left = firstStepPrice(TERMS) - receipt.amount
    expect(effects).to.deep.include({ type: 'pay', amount: 65n - left })
  })

  it('fails with BUDGET after booking the receipt when the next step is above the budget', () => {
    const poor = { ...full, facts: { ...FACTS, terms: { ...TERMS, budget: 100n } } }
    const receipt = nextReceipt(poor.progress, false)
    const event = { type: 'receipt' as const, receipt, signed: true, finishReason: '' as const }
    const { state, effects } = stepClient(poor, event, NOW)
    expect(state.failure?.code).to.equal('BUDGET')
    expect(effects.map(nameOf)).to.deep.equal(['bookReceipt', 'sendCancel', 'end'])
  })

  it('counts the provider silent from the voucher on, not while the client pays', () => {
    const paid = stepClient(unpaid, { type: 'paid', amount: 60n }, NOW + 29_000).state
    const tick = { type: 'tick' as const }
    expect(stepClient(paid, tick, NOW + STALL_TIMEOUT_MS).state.state).to.equal('running')
    const late = NOW + 29_000 + STALL_TIMEOUT_MS
    expect(stepClient(paid, tick, late).state.failure?.code).to.equal('PROVIDER_STALLED')
  })

  it('enters each state once and keeps the time', () => {
    expect(full.history.map(({ state }) => state)).to.deep.equal([
      'posted',
      'awarded',
      'accepted',
      'running',
    ])
  })
})
