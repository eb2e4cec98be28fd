/** What the market needs from its node beyond the components of every layer. */
import type { ErrorCode } from '../../error-codes.ts'
import type { Session } from '../../mesh/index.ts'
import type { Quote } from '../auction/decide-bid.ts'
import type { Hex, MarketFrame, SignedServiceVoucher } from '@duckmesh/proto'

/** Keeps signed contradictions; `bytes` are market frames as sent. */
export interface EvidenceStore {
  keep(kind: ErrorCode, bytes: readonly Uint8Array[]): Promise<void>
}

/** A seat's account of its fees (implemented in settlement). */
export interface SeatFees {
  /**
   * Takes a voucher whose signature, payer and provider are checked, when it raises the total of its payer by at
   * least `fee` wei and the service allotment covers it. Rejects with VOUCHER_INVALID or ALLOTMENT_EXCEEDED.
   */
  raise(voucher: SignedServiceVoucher, fee: bigint): Promise<void>
}

/** Opens market streams to staked peers. */
export interface MarketDialer {
  /** A session after both hellos, ours with the peer binding alone. Rejects with NO_PEERS and the like. */
  dial(peerKey: Hex, signal: AbortSignal): Promise<Session<MarketFrame>>
}

/** What this provider asks now. */
export interface OwnPrices {
  quote(modelId: Hex): Quote | undefined
}

/** What this provider may count on in its channel with a payer, wei. */
export interface ChannelCapacity {
  /** Rejects with CHAIN_UNREACHABLE. */
  covered(payer: Hex): Promise<bigint>
}

/** A match that this seat signed, for logs and metrics; nothing secret. */
export interface MatchFacts {
  jobId: Hex
  attempt: number
  shard: number
  invited: number
  bids: number
  passes: number
  /** From the opening of the window to the signed match, ms. */
  ms: number
}
