/**
 * Domain types of every message: what the codecs return and take.
 *
 * Fixed-size byte strings (addresses, hashes, keys, signatures) are lower-case `0x` hex, blobs are
 * `Uint8Array`, amounts are wei in `bigint` (uint96), times are unix seconds unless the name ends in `Ms`.
 */

import type { AuctionProof } from './auction-types.ts'
import type {
  Hello,
  Hex,
  NumberTask,
  Ping,
  Sealed,
  SignedAccept,
  SignedAward,
  SignedJobOrder,
  SignedReceipt,
  SignedVoucher,
} from './base-types.ts'

export type {
  AuctionProof,
  AuctionRef,
  BidFrame,
  BidSet,
  Forward,
  ForwardResult,
  HeaderAck,
  Invite,
  JobHeader,
  LightFrame,
  MarketFrame,
  MarketRefuse,
  MatchFrame,
  MatchNotice,
  Openings,
  Pass,
  RelayedBid,
  SeatInfo,
  SeatsRequest,
  SeatsResponse,
  TurnSeats,
} from './auction-types.ts'
export type {
  Block,
  BlockRequest,
  FetchFrame,
  FetchRefusal,
  ManifestPart,
  ManifestRequest,
  PieceHashes,
  PiecesRequest,
} from './fetch-types.ts'
export type {
  RelayFrame,
  RelayPermit,
  RelayRequest,
  RelayResult,
  RelayVoucher,
} from './relay-types.ts'
export type {
  Accept,
  Allotment,
  Award,
  Bid,
  BidAck,
  CapsFrame,
  CapsRequest,
  CapsResponse,
  ClientBinding,
  Determinism,
  Envelope,
  EnvelopeBody,
  Heartbeat,
  Hello,
  Hex,
  JobOrder,
  Match,
  MessageType,
  ModelOffer,
  NumberModel,
  NumberTask,
  Offer,
  PeerBinding,
  Ping,
  Receipt,
  Sealed,
  ServiceVoucher,
  SignedAccept,
  SignedAward,
  SignedBid,
  SignedBidAck,
  SignedJobOrder,
  SignedMatch,
  SignedReceipt,
  SignedServiceVoucher,
  SignedVoucher,
  Voucher,
} from './base-types.ts'

export interface ChatMessage {
  role: string
  content: string
}

export interface Sampling {
  temperature: number
  topP: number
  topK: number
  minP: number
  repetitionPenalty: number
  logitBias: { id: number; bias: number }[]
}

/** The private part of a job; `seed` is 32 bytes of hex. */
export interface JobSpec {
  messages: ChatMessage[]
  sampling: Sampling
  maxTokens: number
  stop: string[]
  seed: Hex
  /** `json`: the answer is one JSON object; text when absent. */
  format?: 'json'
  /** Absent: chat. */
  task?: NumberTask
  /** What is embedded or classified; absent for a chat. */
  texts?: string[]
}

export interface VoucherFrame {
  jobId: Hex
  segment: number
  amount: bigint
  voucher: SignedVoucher
}

export interface AwardFrame {
  order: SignedJobOrder
  award: SignedAward
  spec: Sealed
  inBucket: number
  maxTokens: number
  priceIn: bigint
  priceOut: bigint
  /** Absent in redundant mode, where a voucher follows its commitment. */
  voucher?: VoucherFrame
  prefixIds: number[]
  /** Present when the award follows an auction. */
  auction?: AuctionProof
  /** That of the spec. */
  task?: NumberTask
}

/** Common address of a frame: one segment of one job. */
export interface SegmentRef {
  jobId: Hex
  segment: number
}

export interface Busy extends SegmentRef {
  retryAfterMs: number
}

export interface Refuse extends SegmentRef {
  code: string
  detail: string
}

export interface Stopped extends SegmentRef {
  code: string
  detail: string
}

export interface Chunk extends SegmentRef {
  n: number
  ids: number[]
  textDelta: string
  h: Hex
}

export interface ReceiptFrame {
  receipt: SignedReceipt
  /** Empty unless the receipt is the last. */
  finishReason: '' | 'stop' | 'length' | 'cancelled'
}

/** Redundant mode: what the commitments of a member hid. */
export interface Reveal extends SegmentRef {
  salt: Hex
  ids: number[]
  text: string
}

export interface Cancel extends SegmentRef {
  reason: string
}

export type JobFrame =
  | { kind: 'hello'; hello: Hello }
  | { kind: 'award'; award: AwardFrame }
  | { kind: 'accept'; accept: SignedAccept }
  | { kind: 'busy'; busy: Busy }
  | { kind: 'refuse'; refuse: Refuse }
  | { kind: 'chunk'; chunk: Chunk }
  | { kind: 'voucher'; voucher: VoucherFrame }
  | { kind: 'receipt'; receipt: ReceiptFrame }
  | { kind: 'reveal'; reveal: Reveal }
  | { kind: 'cancel'; cancel: Cancel }
  | { kind: 'ping'; ping: Ping }
  | { kind: 'stopped'; stopped: Stopped }
