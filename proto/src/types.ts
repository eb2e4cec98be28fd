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
export type MessageType = 'offer' | 'peerBinding' | 'heartbeat' | 'jobHeader'

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

/** Announces a job, in an envelope of the client's peer. `replyKey` is X25519, of this attempt alone. */
export interface JobHeader {
  order: SignedJobOrder
  client: ClientBinding
  replyKey: Hex
  inBucket: number
  maxTokens: number
  attempt: number
}

/** Address of one auction: an attempt at a job. */
export interface AuctionRef {
  jobId: Hex
  attempt: number
}

/** A seat asks a provider for a bid; `header` is the client's envelope. */
export interface Invite {
  header: Envelope
  seat: Hex
  epoch: number
  turn: number
  closesInMs: number
}

/** The seat opened the window. */
export interface HeaderAck extends AuctionRef {
  seat: Hex
  epoch: number
  turn: number
  invited: number
  closesInMs: number
}

/** A bid that only the client can open; the plaintext is an encoded `SignedBid`. */
export interface BidFrame extends AuctionRef {
  provider: Hex
  sealed: Sealed
}

/** A provider declines; `code` is of the registry, `detail` says what it was about. */
export interface Pass extends AuctionRef {
  provider: Hex
  code: string
  detail: string
}

export interface RelayedBid {
  provider: Hex
  sealed: Sealed
}

/** One seat's match with all bids behind it. */
export interface BidSet {
  match: SignedMatch
  bids: RelayedBid[]
}

export interface MatchFrame {
  set: BidSet
  passes: Pass[]
}

/** Seat to bidders: the match and the sorted commitments behind its root. */
export interface MatchNotice {
  match: SignedMatch
  commits: Hex[]
}

/** All that is needed to recompute who won; the first set is the primary one, whose hash the awards name. */
export interface AuctionProof {
  sets: BidSet[]
  /** X25519 secret key of the attempt: opens every bid. */
  replySecret: Hex
  ruleVersion: number
  /** Providers that the client leaves out by its own experience. */
  excluded: Hex[]
  /** Redundant mode: the draw secret of the order. */
  draw?: Hex
  /** keccak256 of the order's audit secret. */
  auditHash?: Hex
}

/** The bids are opened and the seat is paid, when the job is over. */
export interface Openings extends AuctionRef {
  proof: AuctionProof
  /** Awarded providers by segment. */
  winners: Hex[]
  /** Sum of receipts of the job, wei. */
  paid: bigint
  fee?: SignedServiceVoucher
}

export interface MarketRefuse extends AuctionRef {
  code: string
  detail: string
}

export type MarketFrame =
  | { kind: 'hello'; hello: Hello }
  | { kind: 'header'; header: Envelope }
  | { kind: 'ack'; ack: HeaderAck }
  | { kind: 'invite'; invite: Invite }
  | { kind: 'bid'; bid: BidFrame }
  | { kind: 'bidAck'; bidAck: SignedBidAck }
  | { kind: 'pass'; pass: Pass }
  | { kind: 'match'; match: MatchFrame }
  | { kind: 'notice'; notice: MatchNotice }
  | { kind: 'openings'; openings: Openings }
  | { kind: 'refuse'; refuse: MarketRefuse }
  | { kind: 'ping'; ping: Ping }

export interface SeatsRequest {
  id: number
  shard: number
}

/** `silentMs` is the time since its last heartbeat, 2^32 - 1 when none was heard; addresses are hints. */
export interface SeatInfo {
  owner: Hex
  peerKey: Hex
  addresses: string[]
  silentMs: number
}

export interface TurnSeats {
  epoch: number
  turn: number
  seats: SeatInfo[]
}

export interface SeatsResponse {
  id: number
  turns: TurnSeats[]
}

/** Asks a peer to gossip a client's job header. */
export interface Forward {
  id: number
  header: Envelope
}

/** `code` is empty when it was published. */
export interface ForwardResult {
  id: number
  code: string
}

export type LightFrame =
  | { kind: 'hello'; hello: Hello }
  | { kind: 'seatsRequest'; seatsRequest: SeatsRequest }
  | { kind: 'seatsResponse'; seatsResponse: SeatsResponse }
  | { kind: 'forward'; forward: Forward }
  | { kind: 'forwardResult'; forwardResult: ForwardResult }

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
  /** Present when the award follows an auction. */
  auction?: AuctionProof
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
  | { kind: 'reveal'; reveal: Reveal }
  | { kind: 'cancel'; cancel: Cancel }
  | { kind: 'ping'; ping: Ping }
  | { kind: 'stopped'; stopped: Stopped }
