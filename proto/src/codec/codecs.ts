/** The codec of every message that is sent, gossiped or stored on its own. Marked pure: bundlers leave out those nobody uses. */
import * as v1 from '../generated/duckmesh.js'
import * as limits from '../limits.ts'
import * as auction from './auction-fields.ts'
import { createCodec, createFrameCodec } from './create-codec.ts'
import * as dispatch from './dispatch-fields.ts'
import * as fetch from './fetch-fields.ts'
import * as evidence from './evidence-fields.ts'
import * as light from './light-fields.ts'
import * as market from './market-fields.ts'
import * as mesh from './mesh-fields.ts'
import * as relay from './relay-fields.ts'
import * as settlement from './settlement-fields.ts'
import { jobSpec } from './spec-fields.ts'
import type { Codec, Field, WireMessage } from './interface.ts'
import type * as proofs from '../evidence-types.ts'
import type * as types from '../types.ts'

/** A struct with its signature. */
function signed<T>(name: string, message: WireMessage, fields: Field<T>): Codec<T> {
  return createCodec(name, limits.MAX_SIGNED_BYTES, message, fields)
}

export const envelopeCodec: Codec<types.Envelope> = /* @__PURE__ */ createCodec(
  'envelope',
  limits.MAX_ENVELOPE_BYTES,
  v1.Envelope,
  mesh.envelope,
)

export const envelopeBodyCodec: Codec<types.EnvelopeBody> = /* @__PURE__ */ createCodec(
  'envelopeBody',
  limits.MAX_ENVELOPE_BYTES,
  v1.EnvelopeBody,
  mesh.envelopeBody,
)

export const peerBindingCodec: Codec<types.PeerBinding> = /* @__PURE__ */ createCodec(
  'peerBinding',
  limits.MAX_BINDING_BYTES,
  v1.PeerBinding,
  mesh.peerBinding,
)

export const clientBindingCodec: Codec<types.ClientBinding> = /* @__PURE__ */ createCodec(
  'clientBinding',
  limits.MAX_BINDING_BYTES,
  v1.ClientBinding,
  mesh.clientBinding,
)

export const helloCodec: Codec<types.Hello> = /* @__PURE__ */ createCodec(
  'hello',
  limits.MAX_HELLO_BYTES,
  v1.Hello,
  mesh.hello,
)

export const offerCodec: Codec<types.Offer> = /* @__PURE__ */ createCodec(
  'offer',
  limits.MAX_OFFER_BYTES,
  v1.Offer,
  market.offer,
)

export const capsFrameCodec: Codec<types.CapsFrame> = /* @__PURE__ */ createFrameCodec(
  'capsFrame',
  limits.MAX_CAPS_FRAME_BYTES,
  v1.CapsFrame,
  market.capsFrame,
)

export const heartbeatCodec: Codec<types.Heartbeat> = /* @__PURE__ */ createCodec(
  'heartbeat',
  limits.MAX_SIGNED_BYTES,
  v1.Heartbeat,
  mesh.heartbeat,
)

export const jobHeaderCodec: Codec<types.JobHeader> = /* @__PURE__ */ createCodec(
  'jobHeader',
  limits.MAX_JOB_HEADER_BYTES,
  v1.JobHeader,
  auction.jobHeader,
)

export const marketFrameCodec: Codec<types.MarketFrame> = /* @__PURE__ */ createFrameCodec(
  'marketFrame',
  limits.MAX_MARKET_FRAME_BYTES,
  v1.MarketFrame,
  auction.marketFrame,
)

export const auctionProofCodec: Codec<types.AuctionProof> = /* @__PURE__ */ createCodec(
  'auctionProof',
  limits.MAX_MARKET_FRAME_BYTES,
  v1.AuctionProof,
  auction.auctionProof,
)

export const lightFrameCodec: Codec<types.LightFrame> = /* @__PURE__ */ createFrameCodec(
  'lightFrame',
  limits.MAX_LIGHT_FRAME_BYTES,
  v1.LightFrame,
  light.lightFrame,
)

export const relayFrameCodec: Codec<types.RelayFrame> = /* @__PURE__ */ createFrameCodec(
  'relayFrame',
  limits.MAX_RELAY_FRAME_BYTES,
  v1.RelayFrame,
  relay.relayFrame,
)

export const evidenceProofCodec: Codec<proofs.EvidenceProof> = /* @__PURE__ */ createFrameCodec(
  'evidenceProof',
  limits.MAX_PROOF_BYTES,
  v1.EvidenceProof,
  evidence.evidenceProof,
)

export const evidenceNoticeCodec: Codec<proofs.EvidenceNotice> = /* @__PURE__ */ createCodec(
  'evidenceNotice',
  limits.MAX_SIGNED_BYTES,
  v1.EvidenceNotice,
  evidence.evidenceNotice,
)

export const evidenceFrameCodec: Codec<proofs.EvidenceFrame> = /* @__PURE__ */ createFrameCodec(
  'evidenceFrame',
  limits.MAX_EVIDENCE_FRAME_BYTES,
  v1.EvidenceFrame,
  evidence.evidenceFrame,
)

export const fetchFrameCodec: Codec<types.FetchFrame> = /* @__PURE__ */ createFrameCodec(
  'fetchFrame',
  limits.MAX_FETCH_FRAME_BYTES,
  v1.FetchFrame,
  fetch.fetchFrame,
)

export const jobFrameCodec: Codec<types.JobFrame> = /* @__PURE__ */ createFrameCodec(
  'jobFrame',
  limits.MAX_JOB_FRAME_BYTES,
  v1.JobFrame,
  dispatch.jobFrame,
)

export const awardFrameCodec: Codec<types.AwardFrame> = /* @__PURE__ */ createCodec(
  'awardFrame',
  limits.MAX_JOB_FRAME_BYTES,
  v1.AwardFrame,
  dispatch.awardFrame,
)

export const jobSpecCodec: Codec<types.JobSpec> = /* @__PURE__ */ createCodec(
  'jobSpec',
  limits.MAX_SPEC_BYTES,
  v1.JobSpec,
  jobSpec,
)

export const voucherFrameCodec: Codec<types.VoucherFrame> = /* @__PURE__ */ signed(
  'voucherFrame',
  v1.VoucherFrame,
  dispatch.voucherFrame,
)

export const receiptFrameCodec: Codec<types.ReceiptFrame> = /* @__PURE__ */ signed(
  'receiptFrame',
  v1.ReceiptFrame,
  dispatch.receiptFrame,
)

export const signedJobOrderCodec: Codec<types.SignedJobOrder> = /* @__PURE__ */ signed(
  'signedJobOrder',
  v1.SignedJobOrder,
  settlement.signedJobOrder,
)

export const signedAwardCodec: Codec<types.SignedAward> = /* @__PURE__ */ signed(
  'signedAward',
  v1.SignedAward,
  settlement.signedAward,
)

export const signedAcceptCodec: Codec<types.SignedAccept> = /* @__PURE__ */ signed(
  'signedAccept',
  v1.SignedAccept,
  settlement.signedAccept,
)

export const signedReceiptCodec: Codec<types.SignedReceipt> = /* @__PURE__ */ signed(
  'signedReceipt',
  v1.SignedReceipt,
  settlement.signedReceipt,
)

export const signedVoucherCodec: Codec<types.SignedVoucher> = /* @__PURE__ */ signed(
  'signedVoucher',
  v1.SignedVoucher,
  settlement.signedVoucher,
)

export const signedBidCodec: Codec<types.SignedBid> = /* @__PURE__ */ signed(
  'signedBid',
  v1.SignedBid,
  settlement.signedBid,
)

export const signedBidAckCodec: Codec<types.SignedBidAck> = /* @__PURE__ */ signed(
  'signedBidAck',
  v1.SignedBidAck,
  settlement.signedBidAck,
)

export const signedMatchCodec: Codec<types.SignedMatch> = /* @__PURE__ */ signed(
  'signedMatch',
  v1.SignedMatch,
  settlement.signedMatch,
)

export const signedServiceVoucherCodec: Codec<types.SignedServiceVoucher> = /* @__PURE__ */ signed(
  'signedServiceVoucher',
  v1.SignedServiceVoucher,
  settlement.signedServiceVoucher,
)
