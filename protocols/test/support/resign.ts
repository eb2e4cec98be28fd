/** Signs again what a test changed, so that only the change is wrong. */
import type { AwardFrame, JobFrame, JobOrder, Receipt, Voucher } from '@duckmesh/proto'
import type { Award, SignedVoucher } from '@duckmesh/proto'
import type { Signer } from '../../src/components.ts'
import { structDigest } from '../../src/signed-struct.ts'
import { TEST_NETWORK } from './test-crypto.ts'

/** Test signers answer at once. */
function sign(signer: Signer, digest: `0x${string}`): `0x${string}` {
  const signature = signer.signDigest(digest)
  if (typeof signature !== 'string') throw new Error('the test signer is not synchronous')
  return signature
}

export function withReceipt(
  frame: JobFrame,
  signer: Signer,
  change: (receipt: Receipt) => Partial<Receipt>,
): JobFrame {
  if (frame.kind !== 'receipt') return frame
  const before = frame.receipt.receipt.receipt
  const receipt = { ...before, ...change(before) }
  const signature = sign(signer, structDigest(TEST_NETWORK, 'Receipt', receipt))
  return { ...frame, receipt: { ...frame.receipt, receipt: { receipt, signature } } }
}

/** Order and award changed and signed again; the award keeps pointing at the order. */
export function withOrder(
  frame: AwardFrame,
  signer: Signer,
  change: Partial<JobOrder>,
): AwardFrame {
  const order = { ...frame.order.order, ...change }
  const jobId = structDigest(TEST_NETWORK, 'JobOrder', order)
  const signed = { ...frame, order: { order, signature: sign(signer, jobId) } }
  return withAward(signed, signer, { jobId })
}

/** The award changed and signed again; its voucher frame follows the segment. */
export function withAward(frame: AwardFrame, signer: Signer, change: Partial<Award>): AwardFrame {
  const award = { ...frame.award.award, ...change }
  const signature = sign(signer, structDigest(TEST_NETWORK, 'Award', award))
  const { jobId, segment } = award
  const changed = { ...frame, award: { award, signature } }
  if (frame.voucher === undefined) return changed
  return { ...changed, voucher: { ...frame.voucher, jobId, segment } }
}

export function signedVoucher(signer: Signer, voucher: Voucher): SignedVoucher {
  return { voucher, signature: sign(signer, structDigest(TEST_NETWORK, 'Voucher', voucher)) }
}
