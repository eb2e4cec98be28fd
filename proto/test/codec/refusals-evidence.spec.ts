/** The rules of proofs, notices and the evidence protocol: what breaks one is refused by encode and by decode. */
import { expect } from 'chai'
import * as limits from '../../src/limits.ts'
import { evidenceFrameCodec, evidenceProofCodec } from '../../src/codec/codecs.ts'
import { bytesToHex } from '../../src/hex.ts'
import { EVIDENCE_SAMPLES } from '../../vectors/samples-evidence.ts'
import { fullHello } from '../../vectors/sample-values.ts'
import { absent, blobs, fixed, hex, lists, range } from '../support/refusals.ts'
import { testRefusals, texts, uint32 } from '../support/refusals.ts'
import type { Refusal } from '../support/refusals.ts'

const REFUSALS: Refusal[] = [
  absent('evidenceProof.receipts.first'),
  absent('evidenceProof.receipts.second'),
  ...fixed('evidenceProof.receipts.second.signature', 65),
  { at: 'evidenceProof.kind', why: 'unknown', domain: 'bids', code: 'MALFORMED_FRAME' },

  ...fixed('evidenceNotice.hash', 32),
  ...fixed('evidenceNotice.accused', 20),
  ...fixed('evidenceNotice.holder', 32),
  ...range('evidenceNotice.size', 0, limits.MAX_PROOF_BYTES + 1, 0.5),

  ...uint32('evidenceFrame.request.id'),
  ...fixed('evidenceFrame.request.hash', 32),
  ...uint32('evidenceFrame.response.id'),
  ...blobs('evidenceFrame.response.proof', limits.MAX_PROOF_BYTES + 1),
  ...uint32('evidenceFrame.submit.id'),
  ...blobs('evidenceFrame.submit.proof', 0, limits.MAX_PROOF_BYTES + 1),
  ...uint32('evidenceFrame.result.id'),
  ...texts('evidenceFrame.result.code', limits.MAX_CODE_BYTES),
]

/** Of the other kinds of proof, whose samples come later than the first. */
const OTHERS: Refusal[] = [
  absent('evidenceProof.verdicts.first.statement'),
  ...fixed('evidenceProof.verdicts.first.statement.receiptHash', 32),
  ...fixed('evidenceProof.verdicts.first.statement.verifier', 20),
  ...range('evidenceProof.verdicts.first.statement.outcome', -1, 256, 0.5),
  ...fixed('evidenceProof.verdicts.first.statement.leavesRoot', 32),
  ...fixed('evidenceProof.verdicts.second.signature', 65),
  absent('evidenceProof.matches.first'),
  absent('evidenceProof.omission.match'),
  absent('evidenceProof.omission.ack'),
  ...lists('evidenceProof.omission.commits', limits.MAX_MATCH_BIDS, hex(32), new Uint8Array(32)),
  ...fixed('evidenceProof.omission.commits.0', 32),
]

describe('codecs: refusals of evidence', () => {
  testRefusals([...REFUSALS, ...OTHERS])

  it('the largest proof fits, and so do the frames around it and around the largest hello', () => {
    const [, , , omission] = EVIDENCE_SAMPLES.evidenceProof
    if (omission?.kind !== 'omission') throw new TypeError('no sample')
    const commits = Array.from({ length: limits.MAX_MATCH_BIDS }, (_, i) =>
      bytesToHex(new Uint8Array(32).fill(i)),
    )
    const largest = { ...omission, omission: { ...omission.omission, commits } }
    const bytes = evidenceProofCodec.encode(largest)
    expect(evidenceProofCodec.decode(bytes)).to.deep.equal(largest)
    const proof = new Uint8Array(limits.MAX_PROOF_BYTES)
    for (const frame of [
      { kind: 'response' as const, response: { id: limits.MAX_UINT32, proof } },
      { kind: 'submit' as const, submit: { id: limits.MAX_UINT32, proof } },
      { kind: 'hello' as const, hello: fullHello },
    ]) {
      expect(evidenceFrameCodec.decode(evidenceFrameCodec.encode(frame))).to.deep.equal(frame)
    }
  })
})
