import * as limits from './limits.ts'

export type {
  Accept,
  Allotment,
  AuctionProof,
  AuctionRef,
  Award,
  AwardFrame,
  Bid,
  BidAck,
  BidFrame,
  BidSet,
  Busy,
  Cancel,
  CapsFrame,
  CapsRequest,
  CapsResponse,
  ChatMessage,
  Chunk,
  ClientBinding,
  Determinism,
  Envelope,
  EnvelopeBody,
  FetchFrame,
  Forward,
  ForwardResult,
  HeaderAck,
  Heartbeat,
  Hello,
  Hex,
  Invite,
  JobFrame,
  JobHeader,
  JobOrder,
  JobSpec,
  LightFrame,
  MarketFrame,
  MarketRefuse,
  Match,
  MatchFrame,
  MatchNotice,
  MessageType,
  ModelOffer,
  NumberModel,
  NumberTask,
  Offer,
  Openings,
  Pass,
  PeerBinding,
  Ping,
  Receipt,
  ReceiptFrame,
  Refuse,
  RelayFrame,
  RelayPermit,
  RelayRequest,
  RelayResult,
  RelayVoucher,
  RelayedBid,
  Reveal,
  Sampling,
  Sealed,
  SeatInfo,
  SeatsRequest,
  SeatsResponse,
  SegmentRef,
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
  Stopped,
  TurnSeats,
  Voucher,
  VoucherFrame,
} from './types.ts'
export type {
  EvidenceFrame,
  EvidenceNotice,
  EvidenceProof,
  FaultKind,
  MatchesProof,
  OmissionProof,
  ReceiptsProof,
  VerdictsProof,
} from './evidence-types.ts'
export type { Codec } from './codec/interface.ts'
export type { ProtoErrorCode } from './errors.ts'
export type { Eip712Domain, Eip712Message, Eip712Type } from './eip712.ts'
export { ProtoError } from './errors.ts'
export { awardFrameCodec, jobFrameCodec, jobSpecCodec } from './codec/codecs.ts'
export { receiptFrameCodec, voucherFrameCodec } from './codec/codecs.ts'
export { capsFrameCodec, lightFrameCodec, marketFrameCodec, offerCodec } from './codec/codecs.ts'
export { relayFrameCodec } from './codec/codecs.ts'
export { fetchFrameCodec } from './codec/codecs.ts'
export { evidenceFrameCodec, evidenceNoticeCodec, evidenceProofCodec } from './codec/codecs.ts'
export { auctionProofCodec, heartbeatCodec, jobHeaderCodec } from './codec/codecs.ts'
export { signedBidAckCodec, signedBidCodec, signedMatchCodec } from './codec/codecs.ts'
export { signedServiceVoucherCodec } from './codec/codecs.ts'
export { clientBindingCodec, helloCodec, peerBindingCodec } from './codec/codecs.ts'
export { envelopeBodyCodec, envelopeCodec } from './codec/codecs.ts'
export { signedAcceptCodec, signedAwardCodec, signedJobOrderCodec } from './codec/codecs.ts'
export { signedReceiptCodec, signedVoucherCodec } from './codec/codecs.ts'
export { EIP712_TYPES, domainOf } from './eip712.ts'
export { digest, hashDomain, structHash, typeHash, typeString } from './digest.ts'
export { AMOUNT_BYTES, MAX_AMOUNT, amountToBytes, bytesToAmount } from './amount.ts'
export { bytesToHex, hexToBytes, isHex, lowerHex } from './hex.ts'
export { firstChunkHash, nextChunkHash } from './chunk-hash.ts'
export { TokenHasher, tokenHash } from './token-hash.ts'
export { packTokenIds } from './token-ids.ts'
export { secretHash } from './secret-hash.ts'
export { specHash } from './spec-hash.ts'
export { networkName } from './network-name.ts'
export { modelIdOf } from './model-id.ts'
export { isTextModel, textModelId } from './text-model.ts'
export { TEXT_TOKEN_BYTES, TextPacker, firstCharBytes } from './text-tokens.ts'
export { textOfToken, tokenBytes } from './text-tokens.ts'
export type { TextToken } from './text-tokens.ts'
export { SHARDS, shardOf } from './shard.ts'
export { limits }
