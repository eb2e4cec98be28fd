import { expect } from 'chai'
import { firstStepPrice, startProviderSegment, stepProvider } from '../../src/dispatch/index.ts'
import type { ProviderEffect, ProviderEvent, ProviderSegment } from '../../src/dispatch/index.ts'
import { VOUCHER_TIMEOUT_MS } from '../../src/dispatch/constants.ts'
import { DEADLINE, FACTS, NOW, TERMS, chainOf } from '../support/machine-fixtures.ts'
import { nextIds, readTable } from '../support/machine-fixtures.ts'

/**
 * Every state × every event. Outcome: next state, failure code in brackets, then the effects; `-` when nothing
 * happens, `=` when only counters change.
 *
 * States: `accepted` (the first step runs, no token yet), `running` (32 of 64), `full` (64, the step has not
 * ended), `unpaid` (receipt issued, waiting for a voucher), `last` (all tokens out), `gone.*` (the client
 * closed the stream), `stopping` (the client cancelled while a step runs).
 */
const TABLE = `
awarded      | admitted        | accepted runStep sendAccept
awarded      | admitted unpaid | failed(PAYMENT_MISSING) sendStopped end
awarded      | tokens          | -
awarded      | tokens none     | -
awarded      | stepEnd null    | -
awarded      | stepEnd stop    | -
awarded      | paid enough     | =
awarded      | paid short      | =
awarded      | cancel          | cancelled(CANCELLED) issueReceipt end
awarded      | closed          | failed(CLIENT_LOST) end
awarded      | engineFailed    | failed(ENGINE_CRASHED) sendStopped end
awarded      | tick            | -
awarded      | tick voucher    | -
awarded      | tick deadline   | failed(JOB_EXPIRED) sendStopped end
accepted     | admitted        | -
accepted     | admitted unpaid | -
accepted     | tokens          | running sendChunk
accepted     | tokens none     | failed(ENGINE_FAILED) stopStep sendStopped end
accepted     | stepEnd null    | failed(ENGINE_FAILED) sendStopped end
accepted     | stepEnd stop    | finalized issueReceipt end
accepted     | paid enough     | =
accepted     | paid short      | =
accepted     | cancel          | accepted stopStep
accepted     | closed          | =
accepted     | engineFailed    | failed(ENGINE_CRASHED) stopStep sendStopped end
accepted     | tick            | -
accepted     | tick voucher    | -
accepted     | tick deadline   | failed(JOB_EXPIRED) stopStep sendStopped end
running      | admitted        | -
running      | admitted unpaid | -
running      | tokens          | running sendChunk
running      | tokens none     | failed(ENGINE_FAILED) stopStep sendStopped end
running      | stepEnd null    | failed(ENGINE_FAILED) sendStopped end
running      | stepEnd stop    | finalized issueReceipt end
running      | paid enough     | =
running      | paid short      | =
running      | cancel          | running stopStep
running      | closed          | =
running      | engineFailed    | failed(ENGINE_CRASHED) stopStep sendStopped end
running      | tick            | -
running      | tick voucher    | -
running      | tick deadline   | failed(JOB_EXPIRED) stopStep sendStopped end
full         | admitted        | -
full         | admitted unpaid | -
full         | tokens          | failed(ENGINE_FAILED) stopStep sendStopped end
full         | tokens none     | failed(ENGINE_FAILED) stopStep sendStopped end
full         | stepEnd null    | running issueReceipt
full         | stepEnd stop    | finalized issueReceipt end
full         | paid enough     | =
full         | paid short      | =
full         | cancel          | running stopStep
full         | closed          | =
full         | engineFailed    | failed(ENGINE_CRASHED) stopStep sendStopped end
full         | tick            | -
full         | tick voucher    | -
full         | tick deadline   | failed(JOB_EXPIRED) stopStep sendStopped end
unpaid       | admitted        | -
unpaid       | admitted unpaid | -
unpaid       | tokens          | -
unpaid       | tokens none     | -
unpaid       | stepEnd null    | -
unpaid       | stepEnd stop    | -
unpaid       | paid enough     | running runStep
unpaid       | paid short      | =
unpaid       | cancel          | cancelled(CANCELLED) issueReceipt end
unpaid       | closed          | failed(CLIENT_LOST) end
unpaid       | engineFailed    | failed(ENGINE_CRASHED) sendStopped end
unpaid       | tick            | -
unpaid       | tick voucher    | failed(PAYMENT_MISSING) sendStopped end
unpaid       | tick deadline   | failed(JOB_EXPIRED) sendStopped end
last         | admitted        | -
last         | admitted unpaid | -
last         | tokens          | failed(ENGINE_FAILED) stopStep sendStopped end
last         | tokens none     | failed(ENGINE_FAILED) stopStep sendStopped end
last         | stepEnd null    | finalized issueReceipt end
last         | stepEnd stop    | finalized issueReceipt end
last         | paid enough     | =
last         | paid short      | =
last         | cancel          | running stopStep
last         | closed          | =
last         | engineFailed    | failed(ENGINE_CRASHED) stopStep sendStopped end
last         | tick            | -
last         | tick voucher    | -
last         | tick deadline   | failed(JOB_EXPIRED) stopStep sendStopped end
gone.running | admitted        | -
gone.running | admitted unpaid | -
gone.running | tokens          | =
gone.running | tokens none     | failed(ENGINE_FAILED) stopStep sendStopped end
gone.running | stepEnd null    | failed(ENGINE_FAILED) sendStopped end
gone.running | stepEnd stop    | finalized issueReceipt end
gone.running | paid enough     | =
gone.running | paid short      | =
gone.running | cancel          | running stopStep
gone.running | closed          | =
gone.running | engineFailed    | failed(ENGINE_CRASHED) stopStep sendStopped end
gone.running | tick            | -
gone.running | tick voucher    | -
gone.running | tick deadline   | failed(JOB_EXPIRED) stopStep sendStopped end
gone.full    | admitted        | -
gone.full    | admitted unpaid | -
gone.full    | tokens          | failed(ENGINE_FAILED) stopStep sendStopped end
gone.full    | tokens none     | failed(ENGINE_FAILED) stopStep sendStopped end
gone.full    | stepEnd null    | failed(CLIENT_LOST) issueReceipt end
gone.full    | stepEnd stop    | finalized issueReceipt end
gone.full    | paid enough     | =
gone.full    | paid short      | =
gone.full    | cancel          | running stopStep
gone.full    | closed          | =
gone.full    | engineFailed    | failed(ENGINE_CRASHED) stopStep sendStopped end
gone.full    | tick            | -
gone.full    | tick voucher    | -
gone.full    | tick deadline   | failed(JOB_EXPIRED) stopStep sendStopped end
stopping     | admitted        | -
stopping     | admitted unpaid | -
stopping     | tokens          | running sendChunk
stopping     | tokens none     | failed(ENGINE_FAILED) stopStep sendStopped end
stopping     | stepEnd null    | cancelled(CANCELLED) issueReceipt end
stopping     | stepEnd stop    | finalized issueReceipt end
stopping     | paid enough     | =
stopping     | paid short      | =
stopping     | cancel          | -
stopping     | closed          | =
stopping     | engineFailed    | failed(ENGINE_CRASHED) stopStep sendStopped end
stopping     | tick            | -
stopping     | tick voucher    | -
stopping     | tick deadline   | failed(JOB_EXPIRED) stopStep sendStopped end
`

function feed(state: ProviderSegment, ...events: ProviderEvent[]): ProviderSegment {
  return events.reduce((now, event) => stepProvider(now, event, NOW).state, state)
}

function tokens(state: ProviderSegment, count: number): ProviderEvent {
  return { type: 'tokens', ids: nextIds(state.progress, count), text: 'x' }
}

const prepaid = firstStepPrice(TERMS)
const awarded = startProviderSegment(FACTS, NOW)
const accepted = feed(awarded, { type: 'admitted', tokensIn: 10, prepaid })
const running = feed(accepted, tokens(accepted, 32))
const full = feed(running, tokens(running, 32))
const unpaid = feed(full, { type: 'stepEnd', finishReason: null })
const short = startProviderSegment({ ...FACTS, terms: { ...TERMS, maxTokens: 32 } }, NOW)
const shortRuns = feed(short, { type: 'admitted', tokensIn: 10, prepaid })

const STATES: Record<string, ProviderSegment> = {
  awarded,
  accepted,
  running,
  full,
  unpaid,
  last: feed(shortRuns, tokens(shortRuns, 32)),
  'gone.running': feed(running, { type: 'closed' }),
  'gone.full': feed(full, { type: 'closed' }),
  stopping: feed(running, { type: 'cancel' }),
}

function eventsFor(state: ProviderSegment): Record<string, [ProviderEvent, number]> {
  const tick: ProviderEvent = { type: 'tick' }
  return {
    admitted: [{ type: 'admitted', tokensIn: 10, prepaid }, NOW],
    'admitted unpaid': [{ type: 'admitted', tokensIn: 10, prepaid: prepaid - 1n }, NOW],
    tokens: [tokens(state, 8), NOW],
    'tokens none': [{ type: 'tokens', ids: [], text: '' }, NOW],
    'stepEnd null': [{ type: 'stepEnd', finishReason: null }, NOW],
    'stepEnd stop': [{ type: 'stepEnd', finishReason: 'stop' }, NOW],
    'paid enough': [{ type: 'paid', prepaid: 200n }, NOW],
    'paid short': [{ type: 'paid', prepaid: prepaid + 1n }, NOW],
    cancel: [{ type: 'cancel' }, NOW],
    closed: [{ type: 'closed' }, NOW],
    engineFailed: [{ type: 'engineFailed', code: 'ENGINE_CRASHED', detail: '' }, NOW],
    tick: [tick, NOW],
    'tick voucher': [tick, NOW + VOUCHER_TIMEOUT_MS],
    'tick deadline': [tick, DEADLINE],
  }
}

function outcome(before: ProviderSegment, event: ProviderEvent, nowMs: number): string {
  const { state, effects } = stepProvider(before, event, nowMs)
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

function receiptIn(effects: readonly ProviderEffect[]): ProviderEffect | undefined {
  return effects.find(({ type }) => type === 'issueReceipt')
}

describe('provider machine', () => {
  it('does what the table says for every state and event', () => {
    const rows = readTable(TABLE).map(
      ({ state, event, outcome: to }) => `${state} | ${event} | ${to}`,
    )
    expect(actual()).to.deep.equal(rows)
  })

  it('ignores everything in every terminal state', () => {
    for (const state of ['finalized', 'expired', 'cancelled', 'failed'] as const) {
      const over = { ...running, state }
      for (const [event, nowMs] of Object.values(eventsFor(over))) {
        expect(stepProvider(over, event, nowMs)).to.deep.equal({ state: over, effects: [] })
      }
    }
  })

  it('asks the engine for the tokens of one step, and for the rest in the last', () => {
    const first = stepProvider(awarded, { type: 'admitted', tokensIn: 10, prepaid }, NOW)
    expect(first.effects.at(0)).to.deep.equal({ type: 'runStep', maxTokens: 64 })
    const second = feed(unpaid, { type: 'paid', prepaid: 200n })
    const more = feed(second, tokens(second, 64))
    const third = stepProvider(more, { type: 'stepEnd', finishReason: null }, NOW)
    expect(third.effects.at(-1)).to.deep.equal({ type: 'runStep', maxTokens: 32 })
  })

  it('sends chunks whose hashes chain from the job id', () => {
    const { effects } = stepProvider(running, { type: 'tokens', ids: [7, 8], text: 'ab' }, NOW)
    const h = chainOf([...running.progress.ids], [7, 8])
    expect(effects).to.deep.equal([{ type: 'sendChunk', n: 2, ids: [7, 8], text: 'ab', h }])
  })

  it('bills the prompt once and each step for itself', () => {
    const { effects } = stepProvider(full, { type: 'stepEnd', finishReason: null }, NOW)
    const first = receiptIn(effects)
    expect(first).to.nested.include({ 'receipt.tokensIn': 10, 'receipt.tokensOut': 64 })
    // ceil((250 · 10 + 1001 · 64) / 1000)
    expect(first).to.have.nested.property('receipt.amount', 67n)
    const next = feed(unpaid, { type: 'paid', prepaid: 200n })
    const stop = { type: 'stepEnd' as const, finishReason: 'stop' as const }
    const last = receiptIn(stepProvider(feed(next, tokens(next, 3)), stop, NOW).effects)
    expect(last).to.nested.include({ 'receipt.tokensIn': 0, 'receipt.tokensOut': 3 })
    // ceil(1001 · 3 / 1000)
    expect(last).to.have.nested.property('receipt.amount', 4n)
  })

  it('stops an engine that gives more than the step holds', () => {
    const { state, effects } = stepProvider(full, tokens(full, 1), NOW)
    expect(state.failure?.code).to.equal('ENGINE_FAILED')
    expect(effects.map(({ type }) => type)).to.deep.equal(['stopStep', 'sendStopped', 'end'])
  })
})
