import { expect } from 'chai'
import { hexToBytes, limits, tokenHash } from '@duckmesh/proto'
import type { Hex } from '@duckmesh/proto'
import { RELEASE_GRACE_MS, VOUCHER_TIMEOUT_MS } from '../../src/dispatch/constants.ts'
import type { ProviderEffect, ProviderEvent } from '../../src/dispatch/index.ts'
import {
  startMemberProvider,
  stepMemberProvider,
} from '../../src/dispatch/member-provider-machine.ts'
import type { MemberProvider } from '../../src/dispatch/member-provider-machine.ts'
import { DEADLINE, FACTS, NOW, nextIds, readTable } from '../support/machine-fixtures.ts'

const SALT: Hex = `0x${'5a'.repeat(32)}`

/**
 * Every state × every event. Outcome: next state, failure code in brackets, then the effects; `-` when nothing
 * happens, `=` when only counters change.
 *
 * States: `accepted` (the first step runs, no token yet), `running` (32 of 64), `full` (64, the step has not
 * ended), `unpaid` (committed, waiting for a voucher), `last` (all tokens out), `completed` (the last commitment is
 * out and unpaid), `stopping` (cancelled while a step runs), `cancelling` (cancelled, its last receipt unpaid).
 */
const TABLE = `
awarded    | admitted      | accepted runStep sendAccept
awarded    | tokens        | -
awarded    | tokens none   | -
awarded    | stepEnd null  | -
awarded    | stepEnd stop  | -
awarded    | paid enough   | =
awarded    | paid short    | =
awarded    | cancel        | cancelled(CANCELLED) issueCommitment freeEngine end
awarded    | closed        | failed(CLIENT_LOST) end
awarded    | engineFailed  | failed(ENGINE_CRASHED) sendStopped end
awarded    | tick          | -
awarded    | tick voucher  | -
awarded    | tick deadline | failed(JOB_EXPIRED) sendStopped end
awarded    | tick grace    | failed(JOB_EXPIRED) sendStopped end
accepted   | admitted      | -
accepted   | tokens        | running
accepted   | tokens none   | failed(ENGINE_FAILED) stopStep sendStopped end
accepted   | stepEnd null  | failed(ENGINE_FAILED) sendStopped end
accepted   | stepEnd stop  | completed issueCommitment freeEngine
accepted   | paid enough   | =
accepted   | paid short    | =
accepted   | cancel        | accepted stopStep
accepted   | closed        | failed(CLIENT_LOST) stopStep end
accepted   | engineFailed  | failed(ENGINE_CRASHED) stopStep sendStopped end
accepted   | tick          | -
accepted   | tick voucher  | -
accepted   | tick deadline | failed(JOB_EXPIRED) stopStep sendStopped end
accepted   | tick grace    | failed(JOB_EXPIRED) stopStep sendStopped end
running    | admitted      | -
running    | tokens        | =
running    | tokens none   | failed(ENGINE_FAILED) stopStep sendStopped end
running    | stepEnd null  | failed(ENGINE_FAILED) sendStopped end
running    | stepEnd stop  | completed issueCommitment freeEngine
running    | paid enough   | =
running    | paid short    | =
running    | cancel        | running stopStep
running    | closed        | failed(CLIENT_LOST) stopStep end
running    | engineFailed  | failed(ENGINE_CRASHED) stopStep sendStopped end
running    | tick          | -
running    | tick voucher  | -
running    | tick deadline | failed(JOB_EXPIRED) stopStep sendStopped end
running    | tick grace    | failed(JOB_EXPIRED) stopStep sendStopped end
full       | admitted      | -
full       | tokens        | failed(ENGINE_FAILED) stopStep sendStopped end
full       | tokens none   | failed(ENGINE_FAILED) stopStep sendStopped end
full       | stepEnd null  | running issueCommitment
full       | stepEnd stop  | completed issueCommitment freeEngine
full       | paid enough   | =
full       | paid short    | =
full       | cancel        | running stopStep
full       | closed        | failed(CLIENT_LOST) stopStep end
full       | engineFailed  | failed(ENGINE_CRASHED) stopStep sendStopped end
full       | tick          | -
full       | tick voucher  | -
full       | tick deadline | failed(JOB_EXPIRED) stopStep sendStopped end
full       | tick grace    | failed(JOB_EXPIRED) stopStep sendStopped end
unpaid     | admitted      | -
unpaid     | tokens        | -
unpaid     | tokens none   | -
unpaid     | stepEnd null  | -
unpaid     | stepEnd stop  | -
unpaid     | paid enough   | running bookPaid runStep
unpaid     | paid short    | =
unpaid     | cancel        | completed issueCommitment freeEngine
unpaid     | closed        | failed(CLIENT_LOST) end
unpaid     | engineFailed  | failed(ENGINE_CRASHED) sendStopped end
unpaid     | tick          | -
unpaid     | tick voucher  | failed(PAYMENT_MISSING) sendStopped end
unpaid     | tick deadline | failed(JOB_EXPIRED) sendStopped end
unpaid     | tick grace    | failed(JOB_EXPIRED) sendStopped end
last       | admitted      | -
last       | tokens        | failed(ENGINE_FAILED) stopStep sendStopped end
last       | tokens none   | failed(ENGINE_FAILED) stopStep sendStopped end
last       | stepEnd null  | completed issueCommitment freeEngine
last       | stepEnd stop  | completed issueCommitment freeEngine
last       | paid enough   | =
last       | paid short    | =
last       | cancel        | running stopStep
last       | closed        | failed(CLIENT_LOST) stopStep end
last       | engineFailed  | failed(ENGINE_CRASHED) stopStep sendStopped end
last       | tick          | -
last       | tick voucher  | -
last       | tick deadline | failed(JOB_EXPIRED) stopStep sendStopped end
last       | tick grace    | failed(JOB_EXPIRED) stopStep sendStopped end
completed  | admitted      | -
completed  | tokens        | -
completed  | tokens none   | -
completed  | stepEnd null  | -
completed  | stepEnd stop  | -
completed  | paid enough   | finalized bookPaid sendReveal end
completed  | paid short    | =
completed  | cancel        | -
completed  | closed        | failed(CLIENT_LOST) end
completed  | engineFailed  | failed(ENGINE_CRASHED) sendStopped end
completed  | tick          | -
completed  | tick voucher  | -
completed  | tick deadline | -
completed  | tick grace    | failed(PAYMENT_MISSING) sendStopped end
stopping   | admitted      | -
stopping   | tokens        | =
stopping   | tokens none   | failed(ENGINE_FAILED) stopStep sendStopped end
stopping   | stepEnd null  | completed issueCommitment freeEngine
stopping   | stepEnd stop  | completed issueCommitment freeEngine
stopping   | paid enough   | =
stopping   | paid short    | =
stopping   | cancel        | -
stopping   | closed        | failed(CLIENT_LOST) stopStep end
stopping   | engineFailed  | failed(ENGINE_CRASHED) stopStep sendStopped end
stopping   | tick          | -
stopping   | tick voucher  | -
stopping   | tick deadline | failed(JOB_EXPIRED) stopStep sendStopped end
stopping   | tick grace    | failed(JOB_EXPIRED) stopStep sendStopped end
cancelling | admitted      | -
cancelling | tokens        | -
cancelling | tokens none   | -
cancelling | stepEnd null  | -
cancelling | stepEnd stop  | -
cancelling | paid enough   | cancelled(CANCELLED) bookPaid end
cancelling | paid short    | =
cancelling | cancel        | -
cancelling | closed        | failed(CLIENT_LOST) end
cancelling | engineFailed  | failed(ENGINE_CRASHED) sendStopped end
cancelling | tick          | -
cancelling | tick voucher  | cancelled(CANCELLED) end
cancelling | tick deadline | failed(JOB_EXPIRED) sendStopped end
cancelling | tick grace    | failed(JOB_EXPIRED) sendStopped end
`

function feed(state: MemberProvider, ...events: ProviderEvent[]): MemberProvider {
  return events.reduce((now, event) => stepMemberProvider(now, event, NOW).state, state)
}

function tokens(state: MemberProvider, count: number): ProviderEvent {
  return { type: 'tokens', ids: nextIds(state.progress, count), text: 'x' }
}

function allPaid({ progress }: MemberProvider): ProviderEvent {
  return { type: 'paid', prepaid: progress.due }
}

const admitted: ProviderEvent = { type: 'admitted', tokensIn: 10, prepaid: 0n }
const stepEnd: ProviderEvent = { type: 'stepEnd', finishReason: null }
const awarded = startMemberProvider(FACTS, SALT, NOW)
const accepted = feed(awarded, admitted)
const running = feed(accepted, tokens(accepted, 32))
const full = feed(running, tokens(running, 32))
const unpaid = feed(full, stepEnd)
const second = feed(unpaid, allPaid(unpaid))
const unpaid2 = feed(second, tokens(second, 64), stepEnd)
const third = feed(unpaid2, allPaid(unpaid2))
const last = feed(third, tokens(third, 32))
const completed = feed(last, stepEnd)
const stopping = feed(running, { type: 'cancel' })

const STATES: Record<string, MemberProvider> = {
  awarded,
  accepted,
  running,
  full,
  unpaid,
  last,
  completed,
  stopping,
  cancelling: feed(stopping, stepEnd),
}

function eventsFor(state: MemberProvider): Record<string, [ProviderEvent, number]> {
  const tick: ProviderEvent = { type: 'tick' }
  return {
    admitted: [admitted, NOW],
    tokens: [tokens(state, 8), NOW],
    'tokens none': [{ type: 'tokens', ids: [], text: '' }, NOW],
    'stepEnd null': [stepEnd, NOW],
    'stepEnd stop': [{ type: 'stepEnd', finishReason: 'stop' }, NOW],
    'paid enough': [{ type: 'paid', prepaid: state.progress.due }, NOW],
    'paid short': [{ type: 'paid', prepaid: state.progress.due - 1n }, NOW],
    cancel: [{ type: 'cancel' }, NOW],
    closed: [{ type: 'closed' }, NOW],
    engineFailed: [{ type: 'engineFailed', code: 'ENGINE_CRASHED', detail: '' }, NOW],
    tick: [tick, NOW],
    'tick voucher': [tick, NOW + VOUCHER_TIMEOUT_MS],
    'tick deadline': [tick, DEADLINE],
    'tick grace': [tick, DEADLINE + RELEASE_GRACE_MS],
  }
}

function outcome(before: MemberProvider, event: ProviderEvent, nowMs: number): string {
  const { state, effects } = stepMemberProvider(before, event, nowMs)
  if (state === before && effects.length === 0) return '-'
  if (state.state === before.state && effects.length === 0) return '='
  const code = state.failure === undefined ? '' : `(${state.failure.code})`
  return [`${state.state}${code}`, ...effects.map(({ type }) => type)].join(' ')
}

function actual(): string[] {
  return Object.entries(STATES).flatMap(([name, state]) =>
    Object.entries(eventsFor(state)).map(
      ([event, [value, nowMs]]) => `${name} | ${event} | ${outcome(state, value, nowMs)}`,
    ),
  )
}

function committed(effects: readonly ProviderEffect[]): ProviderEffect | undefined {
  return effects.find(({ type }) => type === 'issueCommitment')
}

describe('provider machine of a member', () => {
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
        expect(stepMemberProvider(over, event, nowMs)).to.deep.equal({ state: over, effects: [] })
      }
    }
  })

  it('lets nothing of the answer out before it is paid', () => {
    const seen: ProviderEffect[] = []
    let state = awarded
    const run = (event: ProviderEvent): void => {
      const step = stepMemberProvider(state, event, NOW)
      state = step.state
      seen.push(...step.effects)
    }
    run(admitted)
    for (const count of [64, 64, 32]) {
      run(tokens(state, count))
      run(stepEnd)
      expect(seen.some(({ type }) => type === 'sendChunk' || type === 'sendReveal')).to.equal(false)
      run(allPaid(state))
    }
    const ids = state.progress.ids
    expect(seen.at(-2)).to.deep.equal({ type: 'sendReveal', salt: SALT, ids, text: 'xxx' })
    expect(state.state).to.equal('finalized')
  })

  it('commits to the ids so far behind its salt, and bills the prompt once', () => {
    const first = committed(stepMemberProvider(full, stepEnd, NOW).effects)
    const root = tokenHash(full.progress.ids, hexToBytes(SALT, 32))
    expect(first).to.nested.include({ 'receipt.tokensRoot': root, 'receipt.tokensIn': 10 })
    // ceil((250 · 10 + 1001 · 64) / 1000)
    expect(first).to.have.nested.property('receipt.amount', 67n)
    const end = committed(stepMemberProvider(last, stepEnd, NOW).effects)
    expect(end).to.nested.include({ 'receipt.tokensIn': 0, 'receipt.tokensOut': 32 })
    expect(end).to.have.nested.property('receipt.last', true)
    expect(root).to.not.equal(tokenHash(full.progress.ids))
  })

  it('books what is paid once, however often a voucher says so', () => {
    const paid = stepMemberProvider(unpaid, allPaid(unpaid), NOW)
    expect(paid.effects).to.deep.include({ type: 'bookPaid', amount: 67n })
    const again = stepMemberProvider(paid.state, allPaid(unpaid), NOW)
    expect(again.effects).to.deep.equal([])
    const more = stepMemberProvider(completed, { type: 'paid', prepaid: 10_000n }, NOW)
    const amount = completed.progress.due - completed.booked
    expect(more.effects[0]).to.deep.equal({ type: 'bookPaid', amount })
  })

  it('reveals on a voucher that comes after its last commitment, not on one from before', () => {
    const ahead = feed(last, { type: 'paid', prepaid: 10_000n })
    const done = stepMemberProvider(ahead, stepEnd, NOW)
    expect(done.state.state).to.equal('completed')
    expect(done.effects.map(({ type }) => type)).to.deep.equal(['issueCommitment', 'freeEngine'])
    const released = stepMemberProvider(done.state, { type: 'paid', prepaid: 10_000n }, NOW)
    expect(released.state.state).to.equal('finalized')
  })

  it('stops an engine that overruns its step, or an answer that no reveal can hold', () => {
    const over = stepMemberProvider(full, tokens(full, 1), NOW)
    expect(over.state.failure?.code).to.equal('ENGINE_FAILED')
    const text = 'x'.repeat(limits.MAX_REVEAL_TEXT_BYTES + 1)
    const long = stepMemberProvider(running, { type: 'tokens', ids: [1], text }, NOW)
    expect(long.state.failure?.detail).to.include('too long')
  })
})
