/** What is signed, and the messages between any two peers (conventions: `types.ts`). */

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

/** EIP-712 `Bid`: an asking price for one job, wei per 1 000 tokens. `funding`: 0 covered, 1 needs an allotment. */
export interface Bid {
  jobId: Hex
  attempt: number
  provider: Hex
  priceIn: bigint
  priceOut: bigint
  etaMs: number
  funding: number
  expiry: number
}

/** EIP-712 `BidAck`: the seat holds the sealed bid with this commitment. */
export interface BidAck {
  jobId: Hex
  attempt: number
  seat: Hex
  commit: Hex
}

/** EIP-712 `Match`: the seat's word which bids there were when the window closed. */
export interface Match {
  jobId: Hex
  attempt: number
  epoch: number
  turn: number
  seat: Hex
  bidsRoot: Hex
  bids: number
}

/** EIP-712 `ServiceVoucher`: the payer owes a seat or verifier `cumulative` wei in all. */
export interface ServiceVoucher {
  payer: Hex
  provider: Hex
  cumulative: bigint
}

export interface SignedBid {
  bid: Bid
  signature: Hex
}
export interface SignedBidAck {
  ack: BidAck
  signature: Hex
}
export interface SignedMatch {
  match: Match
  signature: Hex
}
export interface SignedServiceVoucher {
  voucher: ServiceVoucher
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
export type MessageType = 'offer' | 'peerBinding' | 'heartbeat' | 'jobHeader' | 'evidence'

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

/** A seat serves its shard in this turn. `matchesHash` is keccak256 over the hashes of its matches of the turn. */
export interface Heartbeat {
  epoch: number
  turn: number
  seat: Hex
  matches: number
  matchesHash: Hex
}

export type Determinism = 'f32' | 'opaque'

/** Tasks whose answer is numbers (docs/spec/number-models.md). */
export type NumberTask = 'embed' | 'classify'

/** What a model that answers with numbers gives for each text. */
export interface NumberModel {
  task: NumberTask
  /** Numbers for each text. */
  width: number
  /** Names of the classes in the order of the numbers; empty when there are none. */
  labels: string[]
}

/** Prices in wei per 1 000 tokens. */
export interface ModelOffer {
  modelId: Hex
  name: string
  priceIn: bigint
  priceOut: bigint
  determinism: Determinism
  contextLength: number
  /** Absent for a model that chats. */
  numbers?: NumberModel
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

/** HPKE output: encapsulated key and ciphertext. */
export interface Sealed {
  enc: Uint8Array
  ciphertext: Uint8Array
}

export interface Ping {
  nonce: number
  pong: boolean
}
