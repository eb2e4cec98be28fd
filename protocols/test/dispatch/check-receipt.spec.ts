import { expect } from 'chai'
import { checkReceipt, firstStepPrice } from '../../src/dispatch/index.ts'
import { checkFinish } from '../../src/dispatch/check-receipt.ts'
import { addChunk, addReceipt, buildReceipt, startProgress } from '../../src/dispatch/progress.ts'
import type { Progress } from '../../src/dispatch/progress.ts'
import { FACTS, TERMS, nextIds, nextReceipt } from '../support/machine-fixtures.ts'

const start: Progress = { ...startProgress(FACTS), prepaid: firstStepPrice(TERMS) }

function delivered(progress: Progress, tokens: number): Progress {
  return addChunk(progress, nextIds(progress, tokens))
}

const full = delivered(start, 64)

describe('checking a receipt', () => {
  it('takes the one that is right, field by field', () => {
    const right = nextReceipt(full, false)
    expect(checkReceipt(FACTS, full, right)).to.equal(null)
    const wrong = {
      jobId: FACTS.specHash,
      segment: 1,
      item: 1,
      seq: 1,
      payer: FACTS.provider,
      provider: FACTS.payer,
      tokensOut: 63,
      tokensRoot: FACTS.specHash,
      traceRoot: FACTS.specHash,
      amount: right.amount + 1n,
      specHash: FACTS.jobId,
    }
    for (const [field, value] of Object.entries(wrong)) {
      const problem = checkReceipt(FACTS, full, { ...right, [field]: value })
      if (field === 'traceRoot') expect(problem, 'nothing is traced yet').to.equal(null)
      else expect(problem, field).to.contain(field)
    }
  })

  it('takes prompt tokens up to the bucket at their price, and no more', () => {
    const at = (tokensIn: number): string | null =>
      checkReceipt(FACTS, { ...full, prepaid: 1_000n }, buildReceipt(FACTS, full, tokensIn, false))
    expect(at(16)).to.equal(null)
    expect(at(17)).to.contain('bucket')
  })

  it('takes no prompt tokens a second time', () => {
    const second = delivered({ ...addReceipt(full, nextReceipt(full, false)), prepaid: 200n }, 64)
    const right = nextReceipt(second, false)
    expect(right.tokensIn).to.equal(0)
    expect(checkReceipt(FACTS, second, right)).to.equal(null)
    expect(checkReceipt(FACTS, second, { ...right, tokensIn: 1 })).to.contain('tokensIn')
  })

  it('refuses a step that ran before it was paid', () => {
    const unpaid = delivered(addReceipt(full, nextReceipt(full, false)), 64)
    expect(checkReceipt(FACTS, unpaid, nextReceipt(unpaid, false))).to.contain('prepaid')
  })

  it('refuses a step that is short and not the last', () => {
    const short = delivered(start, 63)
    expect(checkReceipt(FACTS, short, nextReceipt(short, false))).to.contain('not full')
    expect(checkReceipt(FACTS, short, nextReceipt(short, true))).to.equal(null)
  })

  it('refuses to go on after the last token, also with empty steps', () => {
    const facts = { ...FACTS, terms: { ...TERMS, maxTokens: 64 } }
    expect(checkReceipt(facts, full, nextReceipt(full, false))).to.contain('may follow')
    const over = addReceipt(full, nextReceipt(full, false))
    expect(checkReceipt(facts, over, nextReceipt(over, false))).to.contain('may follow')
  })

  it('wants a finish reason with the last receipt and with no other', () => {
    const last = nextReceipt(full, true)
    const step = nextReceipt(full, false)
    expect(checkFinish(step, '', false)).to.equal(null)
    expect(checkFinish(step, 'stop', false)).to.be.a('string')
    expect(checkFinish(last, 'stop', false)).to.equal(null)
    expect(checkFinish(last, '', false)).to.be.a('string')
    expect(checkFinish(last, 'cancelled', false)).to.be.a('string')
    expect(checkFinish(last, 'cancelled', true)).to.equal(null)
  })
})
