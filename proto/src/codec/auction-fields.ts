/** Fields of the auction (market.proto). */
import * as limits from '../limits.ts'
import { address, amount, bytes32 } from './bytes.ts'
import { clientBinding, envelope, hello } from './mesh-fields.ts'
import { flag, integer, safeUint, uint16, uint32 } from './numbers.ts'
import { sealedOf } from './sealed-field.ts'
import * as signed from './settlement-fields.ts'
import { list, optional, struct } from './struct.ts'
import { text } from './text.ts'
import { union } from './union.ts'
import type { Field, UnionField } from './interface.ts'
import type {
  AuctionProof,
  BidFrame,
  BidSet,
  HeaderAck,
  Invite,
  JobHeader,
  MarketFrame,
  MarketRefuse,
  MatchFrame,
  MatchNotice,
  Openings,
  Pass,
  RelayedBid,
} from '../types.ts'

const auctionRef = { jobId: bytes32, attempt: uint32 }
const positive = integer(1, limits.MAX_UINT32)
const code = text(limits.MAX_CODE_BYTES, 1)
const detail = text(limits.MAX_DETAIL_BYTES)
const sealedBid = sealedOf(limits.SEAL_TAG_BYTES + 1, limits.MAX_SEALED_BID_BYTES)

export const jobHeader: Field<JobHeader> = struct({
  order: signed.signedJobOrder,
  client: clientBinding,
  replyKey: bytes32,
  inBucket: positive,
  maxTokens: positive,
  attempt: uint32,
})

const invite: Field<Invite> = struct({
  header: envelope,
  seat: address,
  epoch: safeUint,
  turn: uint32,
  closesInMs: uint32,
})

const headerAck: Field<HeaderAck> = struct({
  ...auctionRef,
  seat: address,
  epoch: safeUint,
  turn: uint32,
  invited: uint16,
  closesInMs: uint32,
})

const bidFrame: Field<BidFrame> = struct({ ...auctionRef, provider: address, sealed: sealedBid })

const pass: Field<Pass> = struct({ ...auctionRef, provider: address, code, detail })

const relayedBid: Field<RelayedBid> = struct({ provider: address, sealed: sealedBid })

const bidSet: Field<BidSet> = struct({
  match: signed.signedMatch,
  bids: list(relayedBid, limits.MAX_MATCH_BIDS),
})

const matchFrame: Field<MatchFrame> = struct({
  set: bidSet,
  passes: list(pass, limits.MAX_MATCH_BIDS),
})

const matchNotice: Field<MatchNotice> = struct({
  match: signed.signedMatch,
  commits: list(bytes32, limits.MAX_MATCH_BIDS),
})

export const auctionProof: Field<AuctionProof> = struct<AuctionProof>({
  sets: list(bidSet, limits.MAX_PROOF_SETS),
  replySecret: bytes32,
  ruleVersion: uint16,
  excluded: list(address, limits.MAX_EXCLUDED),
  draw: optional(bytes32),
  auditHash: optional(bytes32),
})

const openings: Field<Openings> = struct<Openings>({
  ...auctionRef,
  proof: auctionProof,
  winners: list(address, limits.MAX_JOB_SEGMENTS),
  paid: amount,
  fee: optional(signed.signedServiceVoucher),
})

const refuse: Field<MarketRefuse> = struct({ ...auctionRef, code, detail })

export const marketFrame: UnionField<MarketFrame> = union<MarketFrame>({
  hello,
  header: envelope,
  ack: headerAck,
  invite,
  bid: bidFrame,
  bidAck: signed.signedBidAck,
  pass,
  match: matchFrame,
  notice: matchNotice,
  openings,
  refuse,
  ping: struct({ nonce: safeUint, pong: flag }),
})
