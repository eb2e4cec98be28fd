/** Random valid proofs, notices and frames of the evidence protocol. */
import fc from 'fast-check'
import * as limits from '../../src/limits.ts'
import { address, blob, framed, hash, hello, record, signature } from './arbitrary-values.ts'
import { signedBidAck, signedMatch, signedReceipt, text, uint, uint32 } from './arbitrary-values.ts'

const statement = record({
  receiptHash: hash,
  verifier: address,
  outcome: uint(255),
  leavesRoot: hash,
})
const signedStatement = record({ statement, signature })
const commits = fc.array(hash, { maxLength: limits.MAX_MATCH_BIDS })

const evidenceProof = fc.oneof(
  framed('receipts', record({ first: signedReceipt, second: signedReceipt })),
  framed('verdicts', record({ first: signedStatement, second: signedStatement })),
  framed('matches', record({ first: signedMatch, second: signedMatch })),
  framed('omission', record({ match: signedMatch, ack: signedBidAck, commits })),
)

const evidenceNotice = record({
  hash,
  kind: fc.constantFrom('receipts', 'verdicts', 'matches', 'omission'),
  accused: address,
  size: uint(limits.MAX_PROOF_BYTES, 1),
  holder: hash,
})

const evidenceFrame = fc.oneof(
  framed('hello', hello),
  framed('request', record({ id: uint32, hash })),
  framed('response', record({ id: uint32, proof: blob(0, limits.MAX_PROOF_BYTES) })),
  framed('submit', record({ id: uint32, proof: blob(1, limits.MAX_PROOF_BYTES) })),
  framed('result', record({ id: uint32, code: text(limits.MAX_CODE_BYTES) })),
)

/** By codec name. */
export const EVIDENCE_ARBITRARIES: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  evidenceProof,
  evidenceNotice,
  evidenceFrame,
}
