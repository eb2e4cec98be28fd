/** Proofs of faults and how they travel (docs/spec/evidence.md): what the codecs return and take. */
import type { Hello, Hex, SignedBidAck, SignedMatch, SignedReceipt } from './base-types.ts'

/** EIP-712 `Verdict`: what a verifier found in one receipt. `outcome`: 0 ok, 1 fault, 2 undecided, 3 no evidence. */
export interface VerdictStatement {
  receiptHash: Hex
  verifier: Hex
  outcome: number
  leavesRoot: Hex
}

export interface SignedStatement {
  statement: VerdictStatement
  signature: Hex
}

/** Two receipts of one provider for one step. */
export interface ReceiptsProof {
  first: SignedReceipt
  second: SignedReceipt
}

/** Two verdicts of one verifier on one receipt. */
export interface VerdictsProof {
  first: SignedStatement
  second: SignedStatement
}

/** Two matches of one seat for one attempt. */
export interface MatchesProof {
  first: SignedMatch
  second: SignedMatch
}

/** A match without the bid that its seat acknowledged; `commits` are all of the match, ascending. */
export interface OmissionProof {
  match: SignedMatch
  ack: SignedBidAck
  commits: Hex[]
}

/** All that the chain needs to slash for one fault. */
export type EvidenceProof =
  | { kind: 'receipts'; receipts: ReceiptsProof }
  | { kind: 'verdicts'; verdicts: VerdictsProof }
  | { kind: 'matches'; matches: MatchesProof }
  | { kind: 'omission'; omission: OmissionProof }

export type FaultKind = EvidenceProof['kind']

/** Somebody holds a proof: `hash` is keccak256 of its `size` bytes, `holder` the peer key that gives it. */
export interface EvidenceNotice {
  hash: Hex
  kind: FaultKind
  accused: Hex
  size: number
  holder: Hex
}

export interface EvidenceRequest {
  id: number
  hash: Hex
}

/** `proof` is empty when it is not held. */
export interface EvidenceResponse {
  id: number
  proof: Uint8Array
}

export interface EvidenceSubmit {
  id: number
  proof: Uint8Array
}

/** `code` is empty when the proof was taken. */
export interface EvidenceResult {
  id: number
  code: string
}

export type EvidenceFrame =
  | { kind: 'hello'; hello: Hello }
  | { kind: 'request'; request: EvidenceRequest }
  | { kind: 'response'; response: EvidenceResponse }
  | { kind: 'submit'; submit: EvidenceSubmit }
  | { kind: 'result'; result: EvidenceResult }
