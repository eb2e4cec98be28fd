/** The names that the contracts give to faults (`FaultId.sol`): what a fault is paid out and looked up by. */
import { encodeAbiParameters, keccak256, type Hex } from 'viem'
import type { Match, Receipt, Verdict } from './evidence.ts'

const receiptParameters = [
  { type: 'uint8' },
  { type: 'address' },
  { type: 'bytes32' },
  { type: 'uint16' },
  { type: 'uint32' },
  { type: 'uint32' },
] as const
const verdictParameters = [{ type: 'uint8' }, { type: 'address' }, { type: 'bytes32' }] as const
const matchParameters = [
  { type: 'uint8' },
  { type: 'address' },
  { type: 'bytes32' },
  { type: 'uint32' },
] as const

type Step = Pick<Receipt, 'provider' | 'jobId' | 'segment' | 'item' | 'seq'>
type Attempt = Pick<Match, 'seat' | 'jobId' | 'attempt'>

function ofStep(kind: number, { provider, jobId, segment, item, seq }: Step): Hex {
  const values = [kind, provider, jobId, segment, item, seq] as const
  return keccak256(encodeAbiParameters(receiptParameters, values))
}

function ofAttempt(kind: number, { seat, jobId, attempt }: Attempt): Hex {
  return keccak256(encodeAbiParameters(matchParameters, [kind, seat, jobId, attempt]))
}

/** Two receipts for one step. */
export const receiptsFault = (step: Step): Hex => ofStep(0, step)

/** Two verdicts on one receipt. */
export const verdictsFault = ({
  verifier,
  receiptHash,
}: Pick<Verdict, 'verifier' | 'receiptHash'>): Hex =>
  keccak256(encodeAbiParameters(verdictParameters, [1, verifier, receiptHash]))

/** Two matches for one attempt. */
export const matchesFault = (attempt: Attempt): Hex => ofAttempt(2, attempt)

/** An acknowledged bid left out of a match. */
export const omissionFault = (attempt: Attempt): Hex => ofAttempt(3, attempt)

/** A wrong result of one step: what a dispute is about. */
export const wrongResultFault = (step: Step): Hex => ofStep(4, step)
