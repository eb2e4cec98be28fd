/** Types of the mesh layer: sessions over streams, verified bindings, gossip verdicts. */
import type {
  ClientBinding,
  Envelope,
  EnvelopeBody,
  Hello,
  Hex,
  JobHeader,
  PeerBinding,
} from '@duckmesh/proto'
import type { PeerId } from '@libp2p/interface'
import type { ErrorCode } from '../error-codes.ts'

/** Frames of one protocol over one long-lived libp2p stream, with backpressure and a size cap. */
export interface FrameStream<T> extends AsyncIterable<T> {
  readonly remotePeer: PeerId
  /** 32-byte Ed25519 key of the remote peer id, proved by noise. */
  readonly remoteKey: Hex
  readonly closed: boolean
  /** Resolves when the frame is handed to the muxer (after drain). Rejects with STREAM_CLOSED. */
  send(frame: T): Promise<void>
  /** Ends our side and waits for the muxer; safe to call twice. */
  close(): Promise<void>
  /** Resets the stream at once; the iterator ends with `reason`. */
  abort(reason: Error): void
}

/** A hello whose binding was verified against the connection's peer key, the network and the clock. */
export interface VerifiedHello {
  hello: Hello
  /** Operator address when the remote is a staked peer. */
  operator?: Hex
  encKey?: Hex
  /** Payer address when the remote is a client. */
  payer?: Hex
}

/** A stream after both sides said hello. */
export interface Session<T> {
  stream: FrameStream<T>
  remote: VerifiedHello
}

/** What a topic validator decides, in libp2p's words, with the code that says why. */
export type GossipVerdict =
  | { verdict: 'accept'; body: EnvelopeBody; peerKey: Hex; header?: ReceivedHeader }
  | { verdict: 'reject' | 'ignore'; code: ErrorCode; peerKey?: Hex }

/** Registered operators as the chain shows them, read through a cache; `unknown` when the view is stale. */
export interface StakeView {
  /** Provider (owner) address that delegated to this operator and is active, `null` when there is none. */
  providerOf(operator: Hex): Promise<Hex | null | 'unknown'>
}

export interface VerifiedPeer {
  binding: PeerBinding
  /** Milliseconds since 1970. */
  verifiedAt: number
}

export interface VerifiedClient {
  binding: ClientBinding
  verifiedAt: number
}

/** A job header whose envelope, order and binding were verified. */
export interface ReceivedHeader {
  header: JobHeader
  /** EIP-712 digest of its order. */
  jobId: Hex
  /** As the client sealed it: passed on byte for byte. */
  envelope: Envelope
  /** The client's peer, which is bound to the payer of the order. */
  peerKey: Hex
}

/** Who may beat for which turn; the election implements it. */
export interface SeatRules {
  /** Whether this owner has a seat of the shard in that turn; `unknown` when the chain view cannot tell. */
  isSeat(owner: Hex, shard: number, id: TurnRef): Promise<boolean | 'unknown'>
  /** Whether this is the running turn or a neighbour of it. */
  isTime(id: TurnRef): boolean
}

/** A turn by its numbers. */
export interface TurnRef {
  epoch: number
  turn: number
}

/** What payers could spend, by the chain view; answers are cached. */
export interface Funding {
  /** Free account balance and service capacity, wei. */
  fundsOf(payer: Hex): Promise<bigint | 'unknown'>
}
