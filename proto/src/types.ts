/**
 * Domain types of every message: what the codecs return and take.
 *
 * Fixed-size byte strings (addresses, hashes, keys, signatures) are lower-case `0x` hex, blobs are
 * `Uint8Array`, amounts are wei in `bigint` (uint96), times are unix seconds unless the name ends in `Ms`.
 */

/** A `0x`-prefixed lower-case hex string. */
export type Hex = `0x${string}`

/** EIP-712 `JobOrder`: what the client asks for; its digest is the job id. */
export interface JobOrder {
  payer: Hex
  nonce: number
  modelId: Hex
  specHash: Hex
  mode: number
  replicas: number
  maxPrice: bigint
  auditBps: number
  secretHash: Hex
  deadline: number
}

/** EIP-712 `Award`: the client gives one segment of a job to one provider. */
export interface Award {
  jobId: Hex
  segment: number
  provider: Hex
  bidHash: Hex
  matchHash: Hex
  fromToken: number
  prefixHash: Hex
  budget: bigint
  issuedAt: number
}

/** EIP-712 `Accept`: the provider takes the segment. */
export interface Accept {
  jobId: Hex
  segment: number
  provider: Hex
  fromToken: number
  prefixHash: Hex
  bond: bigint
  etaMs: number
}

/** EIP-712 `Receipt`: one finished step; tokens and amount are the step's, the roots cover the segment so far. */
export interface Receipt {
  jobId: Hex
  segment: number
  item: number
  seq: number
  payer: Hex
  provider: Hex
  tokensIn: number
  tokensOut: number
  tokensRoot: Hex
  traceRoot: Hex
  amount: bigint
  specHash: Hex
  last: boolean
}

/** EIP-712 `Voucher`: the payer owes the provider `cumulative` wei in all. */
export interface Voucher {
  payer: Hex
  provider: Hex
  cumulative: bigint
  epoch: number
}

/** A struct with the 65-byte signature over its EIP-712 digest. */
export interface SignedJobOrder {
  order: JobOrder
  signature: Hex
}
export interface SignedAward {
  award: Award
  signature: Hex
}
export interface SignedAccept {
  accept: Accept
  signature: Hex
}
export interface SignedReceipt {
  receipt: Receipt
  signature: Hex
}
export interface SignedVoucher {
  voucher: Voucher
  signature: Hex
}

/** EIP-712 `Allotment`: the payer moves escrow to one channel; anybody may submit it. */
export interface Allotment {
  payer: Hex
  provider: Hex
  amount: bigint
  nonce: number
  deadline: number
}

/** EIP-712 `PeerBinding` with the operator's signature: this peer speaks for that operator. */
export interface PeerBinding {
  peerKey: Hex
  operator: Hex
  encKey: Hex
  expiry: number
  signature: Hex
}

/** EIP-712 `ClientBinding` with the payer's signature: this peer spends for that payer. */
export interface ClientBinding {
  peerKey: Hex
  payer: Hex
  expiry: number
  signature: Hex
}

/** What travels on a topic: `sig` is Ed25519 over exactly the bytes of `body`. */
export interface Envelope {
  body: Uint8Array
  sig: Uint8Array
}

/** `EnvelopeBody.type` by name. */
export type MessageType = 'offer' | 'peerBinding'

/** The signed content of an envelope. `peerId` is the libp2p peer id as multihash bytes. */
export interface EnvelopeBody {
  version: number
  type: MessageType
  network: string
  seq: number
  issuedAtMs: number
  expiryMs: number
  peerId: Uint8Array
  payload: Uint8Array
}

/** First frame of each side on every stream. */
export interface Hello {
  version: number
  network: string
  peer?: PeerBinding
  client?: ClientBinding
  lastVoucher?: SignedVoucher
  due: bigint
}

export type Determinism = 'f32' | 'opaque'

/** Prices in wei per 1 000 tokens. */
export interface ModelOffer {
  modelId: Hex
  name: string
  priceIn: bigint
  priceOut: bigint
  determinism: Determinism
  contextLength: number
}

export interface Offer {
  provider: Hex
  models: ModelOffer[]
  expiryMs: number
  slots: number
}

export interface CapsRequest {
  id: number
  withRecord: boolean
}

/** `stepMs` is the provider's recent time per step, `inFlight` its accepted and unfinished segments. */
export interface CapsResponse {
  id: number
  record?: Envelope
  inFlight: number
  slots: number
  stepMs: number
}

export type CapsFrame =
  | { kind: 'hello'; hello: Hello }
  | { kind: 'request'; request: CapsRequest }
  | { kind: 'response'; response: CapsResponse }

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
}

/** HPKE output: encapsulated key and ciphertext. */
export interface Sealed {
  enc: Uint8Array
  ciphertext: Uint8Array
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

export interface Cancel extends SegmentRef {
  reason: string
}

export interface Ping {
  nonce: number
  pong: boolean
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
  | { kind: 'cancel'; cancel: Cancel }
  | { kind: 'ping'; ping: Ping }
  | { kind: 'stopped'; stopped: Stopped }
