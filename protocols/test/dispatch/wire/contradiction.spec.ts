/** Rule C-21: a client keeps both receipts of a provider that signs two for one step. */
import { expect } from 'chai'
import { signedReceiptCodec, tokenHash } from '@duckmesh/proto'
import type { JobFrame, Receipt } from '@duckmesh/proto'
import type { ClientRunEvent } from '../../../src/dispatch/index.ts'
import { JobWorld, eventsOf } from '../../support/job-world.ts'
import { withReceipt } from '../../support/resign.ts'
import { testSigner } from '../../support/test-crypto.ts'

const operator = testSigner('operator')

/** The job's events, and what its row keeps, when each first receipt is followed by a changed one. */
async function afterTwo(
  change: (receipt: Receipt) => Partial<Receipt>,
  signer = operator,
): Promise<{ proofs: ClientRunEvent[]; kept: Receipt[]; code: string | undefined }> {
  const world = new JobWorld()
  const toLeft = (frame: JobFrame): JobFrame[] => {
    const isFirst = frame.kind === 'receipt' && frame.receipt.receipt.receipt.seq === 0
    return isFirst ? [frame, withReceipt(frame, signer, change)] : [frame]
  }
  const run = await world.submit(await world.connect({ toLeft }), { maxTokens: 100 })
  const events = await eventsOf(run)
  const { failure } = await run.ended
  const row = await world.payer.jobLog.getSegment(run.key)
  const kept = (row?.receipts ?? []).map((bytes) => signedReceiptCodec.decode(bytes).receipt)
  return {
    proofs: events.filter(({ type }) => type === 'contradiction'),
    kept,
    code: failure?.code,
  }
}

describe('a client that gets two receipts for one step', () => {
  it('keeps both when they contradict, tells, and ends the job', async () => {
    const tokensRoot = tokenHash([9])
    const { code, kept, proofs } = await afterTwo(() => ({ tokensRoot }))
    expect(code).to.equal('RECEIPT_INVALID')
    expect(proofs).to.have.length(1)
    expect(kept.map(({ seq }) => seq)).to.deep.equal([0, 0])
    expect(kept.map((receipt) => receipt.tokensRoot === tokensRoot).sort()).to.deep.equal([
      false,
      true,
    ])
  })

  it('has no proof of one that says the same twice', async () => {
    const { code, proofs } = await afterTwo(() => ({}))
    expect(code).to.equal('RECEIPT_INVALID')
    expect(proofs).to.deep.equal([])
  })

  it('has no proof of one that somebody else signed', async () => {
    const { kept, proofs } = await afterTwo(() => ({ amount: 1n }), testSigner('thief'))
    expect(proofs).to.deep.equal([])
    expect(kept.map(({ amount }) => amount)).to.not.include(1n)
  })

  it('has no proof of one about another step, item or provider', async () => {
    for (const other of [{ seq: 1 }, { item: 1 }, { provider: testSigner('thief').address }]) {
      const { proofs } = await afterTwo(() => ({ ...other, tokensRoot: tokenHash([9]) }))
      expect(proofs).to.deep.equal([])
    }
  })
})
