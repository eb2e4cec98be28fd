/** Samples of proofs, notices and the evidence protocol. */
import { MAX_UINT32, bareHello, bytes, jobId, provider, receipt, repeat } from './sample-values.ts'
import { signature } from './sample-values.ts'
import * as limits from '../src/limits.ts'
import type * as types from '../src/types.ts'
import type { EvidenceFrame, EvidenceNotice, EvidenceProof } from '../src/evidence-types.ts'
import type { VerdictStatement } from '../src/evidence-types.ts'

const match: types.Match = {
  jobId,
  attempt: 1,
  epoch: 500_000,
  turn: 59,
  seat: provider,
  bidsRoot: repeat('b7', 32),
  bids: 2,
}

const statement: VerdictStatement = {
  receiptHash: repeat('4e', 32),
  verifier: provider,
  outcome: 0,
  leavesRoot: repeat('1e', 32),
}

const proofs: EvidenceProof[] = [
  {
    kind: 'receipts',
    receipts: {
      first: { receipt, signature },
      second: { receipt: { ...receipt, amount: receipt.amount + 1n }, signature },
    },
  },
  {
    kind: 'verdicts',
    verdicts: {
      first: { statement, signature },
      second: { statement: { ...statement, outcome: 255 }, signature },
    },
  },
  {
    kind: 'matches',
    matches: {
      first: { match, signature },
      second: { match: { ...match, bids: 0, bidsRoot: repeat('00', 32) }, signature },
    },
  },
  {
    kind: 'omission',
    omission: {
      match: { match, signature },
      ack: { ack: { jobId, attempt: 1, seat: provider, commit: repeat('c2', 32) }, signature },
      commits: [repeat('c0', 32), repeat('c1', 32)],
    },
  },
]

const notice: EvidenceNotice = {
  hash: repeat('ab', 32),
  kind: 'receipts',
  accused: provider,
  size: 712,
  holder: repeat('31', 32),
}

const notices: EvidenceNotice[] = [
  notice,
  { ...notice, kind: 'verdicts', size: 1 },
  { ...notice, kind: 'matches' },
  { ...notice, kind: 'omission', size: limits.MAX_PROOF_BYTES },
]

const frames: EvidenceFrame[] = [
  { kind: 'hello', hello: bareHello },
  { kind: 'request', request: { id: 1, hash: repeat('ab', 32) } },
  { kind: 'response', response: { id: 1, proof: bytes(20, 9) } },
  { kind: 'response', response: { id: MAX_UINT32, proof: new Uint8Array() } },
  { kind: 'submit', submit: { id: 2, proof: bytes(21) } },
  { kind: 'result', result: { id: 2, code: '' } },
  { kind: 'result', result: { id: 3, code: 'EVIDENCE_INVALID' } },
]

/** Samples by the name of their codec. */
export const EVIDENCE_SAMPLES = {
  evidenceProof: proofs,
  evidenceNotice: notices,
  evidenceFrame: frames,
} as const satisfies Record<string, readonly unknown[]>
