/** What peers sign and the chain may judge: the messages of the EIP-712 structs in SCHEMAS, as viem passes them. */
import type { Address, Hex } from 'viem'

/** What a client ordered; its EIP-712 digest is the job id. */
export interface JobOrder {
  payer: Address
  nonce: bigint
  modelId: Hex
  specHash: Hex
  mode: number
  replicas: number
  /** wei */
  maxPrice: bigint
  auditBps: number
  secretHash: Hex
  /** unix seconds */
  deadline: bigint
}

/** What a provider says it did in one step. */
export interface Receipt {
  jobId: Hex
  segment: number
  item: number
  seq: number
  payer: Address
  /** the provider's owner address */
  provider: Address
  tokensIn: number
  tokensOut: number
  tokensRoot: Hex
  traceRoot: Hex
  /** wei */
  amount: bigint
  specHash: Hex
  last: boolean
}

/** What a verifier found in one receipt. */
export interface Verdict {
  /** EIP-712 digest of the receipt */
  receiptHash: Hex
  /** the verifier's owner address */
  verifier: Address
  /** 0 ok, 1 fault, 2 undecided, 3 no evidence */
  outcome: number
  leavesRoot: Hex
}

/** The bids that a seat matched with one attempt of a job. */
export interface Match {
  jobId: Hex
  attempt: number
  epoch: bigint
  turn: number
  /** the seat's owner address */
  seat: Address
  bidsRoot: Hex
  bids: number
}

/** A seat's word that it received a bid in time. */
export interface BidAck {
  jobId: Hex
  attempt: number
  /** the seat's owner address */
  seat: Address
  commit: Hex
}

/** A message with the signature of the operator of whoever sent it: 65 bytes, or 64 as in EIP-2098. */
export interface Signed<T> {
  message: T
  signature: Hex
}
