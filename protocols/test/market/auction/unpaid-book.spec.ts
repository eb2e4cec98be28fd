import { expect } from 'chai'
import type { Hex } from '@duckmesh/proto'
import { UnpaidBook } from '../../../src/market/auction/unpaid-book.ts'

const PAYER: Hex = `0x${'aa'.repeat(20)}`
const OTHER: Hex = `0x${'bb'.repeat(20)}`
const DEADLINE = 1_000
const OVERDUE = (DEADLINE + 10) * 1_000 + 1

describe('UnpaidBook', () => {
  function book(matches: number): UnpaidBook {
    const unpaid = new UnpaidBook()
    for (let i = 0; i < matches; i++) unpaid.matched(PAYER, `job ${i}`, DEADLINE)
    return unpaid
  }

  it('owes with the ninth overdue match, ten seconds after the deadline', () => {
    expect(book(8).owes(PAYER, OVERDUE)).to.equal(false)
    expect(book(9).owes(PAYER, OVERDUE)).to.equal(true)
    expect(book(9).owes(PAYER, OVERDUE - 1)).to.equal(false)
    expect(book(9).owes(OTHER, OVERDUE)).to.equal(false)
  })

  it('is settled by the openings, job by job', () => {
    const unpaid = book(10)
    unpaid.settled(PAYER, 'job 0')
    expect(unpaid.owes(PAYER, OVERDUE)).to.equal(true)
    unpaid.settled(PAYER, 'job 1')
    expect(unpaid.owes(PAYER, OVERDUE)).to.equal(false)
    unpaid.settled(OTHER, 'job 1')
  })

  it('forgives after ten minutes', () => {
    expect(book(9).owes(PAYER, OVERDUE + 600_000)).to.equal(false)
  })

  it('forgets the oldest payer and match when full', () => {
    const unpaid = book(9)
    for (let i = 0; i < 4_096; i++) {
      unpaid.matched(`0x${i.toString(16).padStart(40, '0')}`, 'job', DEADLINE)
    }
    expect(unpaid.owes(PAYER, OVERDUE)).to.equal(false)
    expect(book(1_000).owes(PAYER, OVERDUE)).to.equal(true)
  })
})
