import { expect } from 'chai'
import { firstStepPrice, startClientSegment, stepClient } from '../../src/dispatch/index.ts'
import type { ClientEvent, ClientSegment } from '../../src/dispatch/index.ts'
import { FACTS, NOW, TERMS, nextChunk, nextReceipt } from '../support/machine-fixtures.ts'

/** 200 texts of three classes: one full step and a rest of 88 numbers. */
const facts = {
  ...FACTS,
  terms: { ...TERMS, maxTokens: 600, stepTokens: 512, budget: 10_000n },
  numbers: { task: 'classify', width: 3 },
} as const

function feed(state: ClientSegment, ...events: ClientEvent[]): ClientSegment {
  return events.reduce((at, event) => stepClient(at, event, NOW).state, state)
}

const accepted = (): ClientSegment =>
  feed(
    startClientSegment(facts, NOW),
    { type: 'award', prepaid: firstStepPrice(facts.terms) },
    { type: 'accept', valid: true },
  )

/** The next so many numbers; bits of tiny floats, each finite. */
function numbers(state: ClientSegment, count: number, textDelta = ''): ClientEvent {
  return { type: 'chunk', chunk: { ...nextChunk(state.progress, count), textDelta } }
}

function receipt(
  state: ClientSegment,
  finishReason: '' | 'stop' | 'length' | 'cancelled',
): ClientEvent {
  const last = finishReason !== ''
  const built = nextReceipt(state.progress, last, facts)
  return { type: 'receipt', receipt: built, signed: true, finishReason }
}

const after = (state: ClientSegment, event: ClientEvent): [string, string | undefined] => {
  const { failure, state: name } = feed(state, event)
  return [name, failure?.code]
}

describe('a client of numbers', () => {
  it('takes a step of 512 and the rest, and nothing more', () => {
    const full = feed(accepted(), numbers(accepted(), 512))
    expect(after(accepted(), numbers(accepted(), 513))).to.deep.equal(['failed', 'CHUNK_INVALID'])
    expect(after(full, numbers(full, 1))).to.deep.equal(['failed', 'CHUNK_INVALID'])
    const paid = feed(full, receipt(full, ''), { type: 'paid', amount: 88n })
    expect(paid.state).to.equal('running')
    expect(after(paid, numbers(paid, 89))).to.deep.equal(['failed', 'CHUNK_INVALID'])
    const whole = feed(paid, numbers(paid, 88))
    expect(after(whole, receipt(whole, 'stop'))).to.deep.equal(['finalized', undefined])
  })

  it('takes no last receipt before the last number, whatever reason it names', () => {
    const some = feed(accepted(), numbers(accepted(), 300))
    for (const reason of ['stop', 'length', 'cancelled'] as const) {
      expect(after(some, receipt(some, reason))).to.deep.equal(['failed', 'RECEIPT_INVALID'])
    }
  })

  it('takes it when it cancelled itself and the provider says so', () => {
    const some = feed(accepted(), numbers(accepted(), 300), { type: 'cancel' })
    expect(after(some, receipt(some, 'cancelled'))).to.deep.equal(['cancelled', 'CANCELLED'])
    expect(after(some, receipt(some, 'stop'))).to.deep.equal(['failed', 'RECEIPT_INVALID'])
  })

  it('refuses a text beside them', () => {
    expect(after(accepted(), numbers(accepted(), 3, 'x'))).to.deep.equal([
      'failed',
      'CHUNK_INVALID',
    ])
  })
})
