/** The chain as settlement sees it. */
import type { Hex, SignedServiceVoucher, SignedVoucher } from '@duckmesh/proto'

/** One channel on chain; wei, cumulative. */
export interface ChainChannel {
  allotted: bigint
  redeemed: bigint
  /** Part of the allotment that the payer is taking back. */
  thawing: bigint
}

export interface Redemption {
  /** Transaction hash. */
  hash: Hex
  /** Vouchers in the transaction. */
  vouchers: number
  gasUsed: bigint
  /** Wei of what was redeemed that left the supply (DESIGN §8). */
  burnt: bigint
  /** Payers whose voucher the contract skipped. */
  skipped: readonly Hex[]
}

/** Reads and writes that settlement needs; a node brings viem, a simulation a model. */
export interface SettlementPort {
  /** Rejects with CHAIN_UNREACHABLE when there is no fresh view. */
  channel(payer: Hex, provider: Hex): Promise<ChainChannel>
  /** Sends the vouchers of one provider in as few transactions as fit. Rejects with CHAIN_* codes. */
  redeem(provider: Hex, vouchers: readonly SignedVoucher[]): Promise<Redemption[]>
}

/** The service allotment of a payer, shared by all who serve it, as one of them sees it; wei, cumulative. */
export interface ChainService {
  allotted: bigint
  /** Paid out to all who served. */
  redeemed: bigint
  /** Part of the allotment that the payer is taking back. */
  thawing: bigint
  /** Paid out to this provider. */
  redeemedBy: bigint
}

/** The same for service fees. */
export interface ServicePort {
  /** Rejects with CHAIN_UNREACHABLE when there is no fresh view. */
  service(payer: Hex, provider: Hex): Promise<ChainService>
  /** Sends the vouchers of one provider in as few transactions as fit. Rejects with CHAIN_* codes. */
  finalizeService(provider: Hex, vouchers: readonly SignedServiceVoucher[]): Promise<Redemption[]>
}
