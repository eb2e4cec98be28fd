import { expect } from 'chai'
import { tokenHash } from '@duckmesh/proto'
import type { Receipt } from '@duckmesh/proto'
import type { ClientEffect, ClientEvent } from '../../src/dispatch/index.ts'
import { stepMemberClient } from '../../src/dispatch/member-client-machine.ts'
import { DEADLINE, FACTS, NOW, TERMS } from '../support/machine-fixtures.ts'
import { SALT, accepted, cancel, completed, feed, ids } from './support/member-client-states.ts'
import {
  owed,
  receiptEvent,
  receiptFor,
  released,
  second,
  unpaid,
} from './support/member-client-states.ts'

function nameOf(effect: ClientEffect): string {
  return effect.type === 'end' && !effect.agreed ? 'end?' : effect.type
}

describe('client machine of a member, rule by rule', () => {
  it('sets out to pay exactly what is receipted, each wei once', () => {
    const { effects } = stepMemberClient(
      accepted,
      receiptEvent(receiptFor(accepted, 64, false)),
      NOW,
    )
    // ceil((250 · 10 + 1001 · 64) / 1000)
    expect(effects).to.deep.include({ type: 'settle', amount: 67n })
    // The cancel's receipt comes while the voucher for the second step is being signed.
    const crossing = feed(unpaid, cancel)
    const nothing = receiptFor(crossing, 0, true)
    const event = { ...receiptEvent(nothing), finishReason: 'cancelled' } as ClientEvent
    const taken = stepMemberClient(crossing, event, NOW)
    expect(taken.effects.map(nameOf)).to.deep.equal(['keepReceipt'])
    const paid = stepMemberClient(taken.state, { type: 'paid', amount: 65n }, NOW)
    expect(paid.state.state).to.equal('cancelled')
    expect(paid.state.progress.prepaid).to.equal(paid.state.progress.due)
  })

  it('stops a member whose next step is above the budget, cancel first, and pays what it did', () => {
    const poor = { ...accepted, facts: { ...FACTS, terms: { ...TERMS, budget: 100n } } }
    const stopped = stepMemberClient(poor, receiptEvent(receiptFor(poor, 64, false)), NOW)
    expect(stopped.effects.map(nameOf)).to.deep.equal(['sendCancel', 'keepReceipt', 'settle'])
    const paid = feed(stopped.state, { type: 'paid', amount: 67n })
    const nothing = { ...receiptEvent(receiptFor(paid, 0, true)), finishReason: 'cancelled' }
    const over = stepMemberClient(paid, nothing as ClientEvent, NOW)
    expect(over.state.failure?.code).to.equal('BUDGET')
    expect(over.effects.map(nameOf)).to.deep.equal(['keepReceipt', 'end'])
    // One that runs on and bills more than the budget is not paid for that.
    const more = stepMemberClient(paid, receiptEvent(receiptFor(paid, 64, false)), NOW)
    expect(more.state.failure?.detail).to.include('above the budget')
    expect(more.effects.map(nameOf)).to.deep.equal(['sendCancel', 'end'])
  })

  it('refuses a further step before the one before is paid', () => {
    const { state } = stepMemberClient(unpaid, receiptEvent(receiptFor(unpaid, 32, true)), NOW)
    expect(state.failure).to.deep.include({ code: 'RECEIPT_INVALID' })
    expect(state.failure?.detail).to.include('not paid')
  })

  it('takes only receipts that say what a member may bill', () => {
    const right = receiptFor(accepted, 64, false)
    const wrong: Partial<Receipt>[] = [
      { tokensOut: 65 },
      { tokensOut: 63 },
      { amount: right.amount + 1n },
      { amount: right.amount - 1n },
      { tokensIn: 17 },
      { seq: 1 },
      { specHash: FACTS.jobId },
      { segment: 1 },
      { item: 1 },
    ]
    for (const change of wrong) {
      const { state } = stepMemberClient(accepted, receiptEvent({ ...right, ...change }), NOW)
      expect(state.failure?.code, Object.keys(change)[0]).to.equal('RECEIPT_INVALID')
    }
    const endless = receiptFor(second, 32, false)
    const { state } = stepMemberClient(second, receiptEvent(endless), NOW)
    expect(state.failure?.detail).to.include('no token may follow')
  })

  it('opens every commitment with the reveal, not the last alone', () => {
    const reveal = { jobId: FACTS.jobId, segment: 0, salt: SALT, ids, text: 'an answer' }
    const right = stepMemberClient(released, { type: 'reveal', reveal }, NOW)
    expect(right.state).to.include({ state: 'finalized', salt: SALT, finishReason: 'length' })
    expect(right.effects).to.deep.equal([
      { type: 'deliver', ids, text: 'an answer' },
      { type: 'end', agreed: true },
    ])
    const [first, ...others] = released.commitments
    const forged = { root: tokenHash(ids.slice(0, 64)), tokens: first?.tokens ?? 0 }
    const lied = { ...released, commitments: [forged, ...others] }
    const { state } = stepMemberClient(lied, { type: 'reveal', reveal }, NOW)
    expect(state.failure).to.include({ code: 'REVEAL_INVALID' })
    expect(state.failure?.detail).to.include('receipt 0')
  })

  it('is released by the deadline when nobody did it', () => {
    const { state, effects } = stepMemberClient(completed, { type: 'tick' }, DEADLINE)
    expect(effects).to.deep.equal([{ type: 'settle', amount: owed }])
    expect(stepMemberClient(state, { type: 'tick' }, DEADLINE + 250).effects).to.deep.equal([])
  })
})
