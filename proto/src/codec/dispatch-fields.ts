/** Fields of the job protocol (dispatch.proto). */
import * as limits from '../limits.ts'
import { auctionProof } from './auction-fields.ts'
import { amount, bytes32 } from './bytes.ts'
import { numberTask } from './market-fields.ts'
import { hello } from './mesh-fields.ts'
import { flag, integer, safeUint, uint16, uint32 } from './numbers.ts'
import { sealedOf } from './sealed-field.ts'
import * as signed from './settlement-fields.ts'
import { list, optional, struct } from './struct.ts'
import { oneOfTexts, text } from './text.ts'
import { union } from './union.ts'
import type { Field, UnionField } from './interface.ts'
import type {
  AwardFrame,
  Busy,
  Cancel,
  Chunk,
  JobFrame,
  Ping,
  ReceiptFrame,
  Refuse,
  Reveal,
  Sealed,
  VoucherFrame,
} from '../types.ts'

const MIN_SEALED_BYTES = limits.SALT_BYTES + limits.SEAL_TAG_BYTES

const segmentRef = { jobId: bytes32, segment: uint16 }
const positive = integer(1, limits.MAX_UINT32)
const code = text(limits.MAX_CODE_BYTES, 1)
const detail = text(limits.MAX_DETAIL_BYTES)

const sealed: Field<Sealed> = sealedOf(MIN_SEALED_BYTES, limits.MAX_SEALED_BYTES)

export const voucherFrame: Field<VoucherFrame> = struct({
  ...segmentRef,
  amount,
  voucher: signed.signedVoucher,
})

export const awardFrame: Field<AwardFrame> = struct<AwardFrame>({
  order: signed.signedJobOrder,
  award: signed.signedAward,
  spec: sealed,
  inBucket: positive,
  maxTokens: positive,
  priceIn: amount,
  priceOut: amount,
  voucher: optional(voucherFrame),
  prefixIds: list(uint32, limits.MAX_PREFIX_IDS),
  auction: optional(auctionProof),
  task: optional(numberTask),
})

const busy: Field<Busy> = struct({ ...segmentRef, retryAfterMs: uint32 })

/** Refuse and Stopped look alike. */
const refuse: Field<Refuse> = struct({ ...segmentRef, code, detail })

export const chunk: Field<Chunk> = struct({
  ...segmentRef,
  n: positive,
  ids: list(uint32, limits.MAX_CHUNK_IDS),
  textDelta: text(limits.MAX_TEXT_DELTA_BYTES),
  h: bytes32,
})

export const receiptFrame: Field<ReceiptFrame> = struct({
  receipt: signed.signedReceipt,
  finishReason: oneOfTexts(['', 'stop', 'length', 'cancelled'] as const),
})

const reveal: Field<Reveal> = struct({
  ...segmentRef,
  salt: bytes32,
  ids: list(uint32, limits.MAX_REVEAL_IDS),
  text: text(limits.MAX_REVEAL_TEXT_BYTES),
})

const cancel: Field<Cancel> = struct({ ...segmentRef, reason: detail })

const ping: Field<Ping> = struct({ nonce: safeUint, pong: flag })

export const jobFrame: UnionField<JobFrame> = union<JobFrame>({
  hello,
  award: awardFrame,
  accept: signed.signedAccept,
  busy,
  refuse,
  chunk,
  voucher: voucherFrame,
  receipt: receiptFrame,
  reveal,
  cancel,
  ping,
  stopped: refuse,
})
