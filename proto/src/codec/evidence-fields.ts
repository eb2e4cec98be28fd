/** Fields of proofs, notices and the evidence protocol (evidence.proto). */
import * as v1 from '../generated/duckmesh.js'
import * as limits from '../limits.ts'
import { address, blob, bytes32, signature } from './bytes.ts'
import { hello } from './mesh-fields.ts'
import { enumeration, integer, uint32, uint8 } from './numbers.ts'
import * as signed from './settlement-fields.ts'
import { list, struct } from './struct.ts'
import { text } from './text.ts'
import { union } from './union.ts'
import type { Field, UnionField } from './interface.ts'
import type {
  EvidenceFrame,
  EvidenceNotice,
  EvidenceProof,
  FaultKind,
  MatchesProof,
  OmissionProof,
  ReceiptsProof,
  SignedStatement,
  VerdictsProof,
  VerdictStatement,
} from '../evidence-types.ts'

const wireKinds = v1.FaultKind

const faultKind: Field<FaultKind> = enumeration<FaultKind>({
  receipts: wireKinds.FAULT_KIND_RECEIPTS,
  verdicts: wireKinds.FAULT_KIND_VERDICTS,
  matches: wireKinds.FAULT_KIND_MATCHES,
  omission: wireKinds.FAULT_KIND_OMISSION,
})

const receipts: Field<ReceiptsProof> = struct({
  first: signed.signedReceipt,
  second: signed.signedReceipt,
})

const statement: Field<VerdictStatement> = struct({
  receiptHash: bytes32,
  verifier: address,
  outcome: uint8,
  leavesRoot: bytes32,
})

const signedStatement: Field<SignedStatement> = struct({ statement, signature })

const verdicts: Field<VerdictsProof> = struct({ first: signedStatement, second: signedStatement })

const matches: Field<MatchesProof> = struct({
  first: signed.signedMatch,
  second: signed.signedMatch,
})

const omission: Field<OmissionProof> = struct({
  match: signed.signedMatch,
  ack: signed.signedBidAck,
  commits: list(bytes32, limits.MAX_MATCH_BIDS),
})

export const evidenceProof: UnionField<EvidenceProof> = union<EvidenceProof>({
  receipts,
  verdicts,
  matches,
  omission,
})

export const evidenceNotice: Field<EvidenceNotice> = struct({
  hash: bytes32,
  kind: faultKind,
  accused: address,
  size: integer(1, limits.MAX_PROOF_BYTES),
  holder: bytes32,
})

const proof = blob(1, limits.MAX_PROOF_BYTES)

export const evidenceFrame: UnionField<EvidenceFrame> = union<EvidenceFrame>({
  hello,
  request: struct({ id: uint32, hash: bytes32 }),
  response: struct({ id: uint32, proof: blob(0, limits.MAX_PROOF_BYTES) }),
  submit: struct({ id: uint32, proof }),
  result: struct({ id: uint32, code: text(limits.MAX_CODE_BYTES) }),
})
