/** Fields of the structs that are signed with EIP-712 (common.proto). */
import { integer, flag, safeUint, uint16, uint32, uint8 } from './numbers.ts'
import { address, amount, bytes32, signature } from './bytes.ts'
import { struct } from './struct.ts'
import { MAX_BASIS_POINTS } from '../limits.ts'
import type { Field } from './interface.ts'
import type {
  Accept,
  Award,
  Bid,
  BidAck,
  JobOrder,
  Match,
  Receipt,
  SignedAccept,
  SignedAward,
  SignedBid,
  SignedBidAck,
  SignedJobOrder,
  SignedMatch,
  SignedReceipt,
  SignedServiceVoucher,
  SignedVoucher,
  ServiceVoucher,
  Voucher,
} from '../types.ts'

export const jobOrder: Field<JobOrder> = struct({
  payer: address,
  nonce: safeUint,
  modelId: bytes32,
  specHash: bytes32,
  mode: uint8,
  replicas: uint8,
  maxPrice: amount,
  auditBps: integer(0, MAX_BASIS_POINTS),
  secretHash: bytes32,
  deadline: safeUint,
})

export const award: Field<Award> = struct({
  jobId: bytes32,
  segment: uint16,
  provider: address,
  bidHash: bytes32,
  matchHash: bytes32,
  fromToken: uint32,
  prefixHash: bytes32,
  budget: amount,
  issuedAt: safeUint,
})

export const accept: Field<Accept> = struct({
  jobId: bytes32,
  segment: uint16,
  provider: address,
  fromToken: uint32,
  prefixHash: bytes32,
  bond: amount,
  etaMs: uint32,
})

export const receipt: Field<Receipt> = struct({
  jobId: bytes32,
  segment: uint16,
  item: uint32,
  seq: uint32,
  payer: address,
  provider: address,
  tokensIn: uint32,
  tokensOut: uint32,
  tokensRoot: bytes32,
  traceRoot: bytes32,
  amount,
  specHash: bytes32,
  last: flag,
})

export const voucher: Field<Voucher> = struct({
  payer: address,
  provider: address,
  cumulative: amount,
  epoch: safeUint,
})

export const bid: Field<Bid> = struct({
  jobId: bytes32,
  attempt: uint32,
  provider: address,
  priceIn: amount,
  priceOut: amount,
  etaMs: uint32,
  funding: integer(0, 1),
  expiry: safeUint,
})

export const bidAck: Field<BidAck> = struct({
  jobId: bytes32,
  attempt: uint32,
  seat: address,
  commit: bytes32,
})

export const match: Field<Match> = struct({
  jobId: bytes32,
  attempt: uint32,
  epoch: safeUint,
  turn: uint32,
  seat: address,
  bidsRoot: bytes32,
  bids: uint16,
})

export const serviceVoucher: Field<ServiceVoucher> = struct({
  payer: address,
  provider: address,
  cumulative: amount,
})

export const signedJobOrder: Field<SignedJobOrder> = struct({ order: jobOrder, signature })
export const signedAward: Field<SignedAward> = struct({ award, signature })
export const signedAccept: Field<SignedAccept> = struct({ accept, signature })
export const signedReceipt: Field<SignedReceipt> = struct({ receipt, signature })
export const signedVoucher: Field<SignedVoucher> = struct({ voucher, signature })
export const signedBid: Field<SignedBid> = struct({ bid, signature })
export const signedBidAck: Field<SignedBidAck> = struct({ ack: bidAck, signature })
export const signedMatch: Field<SignedMatch> = struct({ match, signature })
export const signedServiceVoucher: Field<SignedServiceVoucher> = struct({
  voucher: serviceVoucher,
  signature,
})
