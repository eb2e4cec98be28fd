/** The codec of every message that is sent, gossiped or stored on its own. */
import { duckmesh } from '../generated/duckmesh.js'
import * as limits from '../limits.ts'
import * as auction from './auction-fields.ts'
import { createCodec, createFrameCodec } from './create-codec.ts'
import * as dispatch from './dispatch-fields.ts'
import * as light from './light-fields.ts'
import * as market from './market-fields.ts'
import * as mesh from './mesh-fields.ts'
import * as settlement from './settlement-fields.ts'
import { jobSpec } from './spec-fields.ts'
import type { Codec, Field, WireMessage } from './interface.ts'
import type * as types from '../types.ts'

const v1 = duckmesh.v1

/** A struct with its signature. */
function signed<T>(name: string, message: WireMessage, fields: Field<T>): Codec<T> {
  return createCodec(name, limits.MAX_SIGNED_BYTES, message, fields)
}

export const envelopeCodec: Codec<types.Envelope> = createCodec(
  'envelope',
  limits.MAX_ENVELOPE_BYTES,
  v1.Envelope,
  mesh.envelope,
)

export const envelopeBodyCodec: Codec<types.EnvelopeBody> = createCodec(
  'envelopeBody',
  limits.MAX_ENVELOPE_BYTES,
  v1.EnvelopeBody,
  mesh.envelopeBody,
)

export const peerBindingCodec: Codec<types.PeerBinding> = createCodec(
  'peerBinding',
  limits.MAX_BINDING_BYTES,
  v1.PeerBinding,
  mesh.peerBinding,
)

export const clientBindingCodec: Codec<types.ClientBinding> = createCodec(
  'clientBinding',
  limits.MAX_BINDING_BYTES,
  v1.ClientBinding,
  mesh.clientBinding,
)

export const helloCodec: Codec<types.Hello> = createCodec(
  'hello',
  limits.MAX_HELLO_BYTES,
  v1.Hello,
  mesh.hello,
)

export const offerCodec: Codec<types.Offer> = createCodec(
  'offer',
  limits.MAX_OFFER_BYTES,
  v1.Offer,
  market.offer,
)

export const capsFrameCodec: Codec<types.CapsFrame> = createFrameCodec(
  'capsFrame',
  limits.MAX_CAPS_FRAME_BYTES,
  v1.CapsFrame,
  market.capsFrame,
)

export const heartbeatCodec: Codec<types.Heartbeat> = createCodec(
  'heartbeat',
  limits.MAX_SIGNED_BYTES,
  v1.Heartbeat,
  mesh.heartbeat,
)

export const jobHeaderCodec: Codec<types.JobHeader> = createCodec(
  'jobHeader',
  limits.MAX_JOB_HEADER_BYTES,
  v1.JobHeader,
  auction.jobHeader,
)

export const marketFrameCodec: Codec<types.MarketFrame> = createFrameCodec(
  'marketFrame',
  limits.MAX_MARKET_FRAME_BYTES,
  v1.MarketFrame,
  auction.marketFrame,
)

export const auctionProofCodec: Codec<types.AuctionProof> = createCodec(
  'auctionProof',
  limits.MAX_MARKET_FRAME_BYTES,
  v1.AuctionProof,
  auction.auctionProof,
)

export const lightFrameCodec: Codec<types.LightFrame> = createFrameCodec(
  'lightFrame',
  limits.MAX_LIGHT_FRAME_BYTES,
  v1.LightFrame,
  light.lightFrame,
)

export const jobFrameCodec: Codec<types.JobFrame> = createFrameCodec(
  'jobFrame',
  limits.MAX_JOB_FRAME_BYTES,
  v1.JobFrame,
  dispatch.jobFrame,
)

export const awardFrameCodec: Codec<types.AwardFrame> = createCodec(
  'awardFrame',
  limits.MAX_JOB_FRAME_BYTES,
  v1.AwardFrame,
  dispatch.awardFrame,
)

export const jobSpecCodec: Codec<types.JobSpec> = createCodec(
  'jobSpec',
  limits.MAX_SPEC_BYTES,
  v1.JobSpec,
  jobSpec,
)

export const voucherFrameCodec: Codec<types.VoucherFrame> = signed(
  'voucherFrame',
  v1.VoucherFrame,
  dispatch.voucherFrame,
)

export const receiptFrameCodec: Codec<types.ReceiptFrame> = signed(
  'receiptFrame',
  v1.ReceiptFrame,
  dispatch.receiptFrame,
)

export const signedJobOrderCodec: Codec<types.SignedJobOrder> = signed(
  'signedJobOrder',
  v1.SignedJobOrder,
  settlement.signedJobOrder,
)

export const signedAwardCodec: Codec<types.SignedAward> = signed(
  'signedAward',
  v1.SignedAward,
  settlement.signedAward,
)

export const signedAcceptCodec: Codec<types.SignedAccept> = signed(
  'signedAccept',
  v1.SignedAccept,
  settlement.signedAccept,
)

export const signedReceiptCodec: Codec<types.SignedReceipt> = signed(
  'signedReceipt',
  v1.SignedReceipt,
  settlement.signedReceipt,
)

export const signedVoucherCodec: Codec<types.SignedVoucher> = signed(
  'signedVoucher',
  v1.SignedVoucher,
  settlement.signedVoucher,
)

export const signedBidCodec: Codec<types.SignedBid> = signed(
  'signedBid',
  v1.SignedBid,
  settlement.signedBid,
)

export const signedBidAckCodec: Codec<types.SignedBidAck> = signed(
  'signedBidAck',
  v1.SignedBidAck,
  settlement.signedBidAck,
)

export const signedMatchCodec: Codec<types.SignedMatch> = signed(
  'signedMatch',
  v1.SignedMatch,
  settlement.signedMatch,
)

export const signedServiceVoucherCodec: Codec<types.SignedServiceVoucher> = signed(
  'signedServiceVoucher',
  v1.SignedServiceVoucher,
  settlement.signedServiceVoucher,
)
