/** The chain as settlement sees it. */
import type { Hex, SignedServiceVoucher, SignedVoucher } from '@duckmesh/proto'

/** One channel on chain; wei, cumulative. */
export interface ChainChannel {
  allotted: bigint
  redeemed: bigint
  /** Part of the allotment that the payer is taking back. */
  thawing: bigint
}

/** What one transaction redeemed for one provider. */
export interface Redemption {
  /** Transaction hash; one of a relay redeems for several providers. */
  hash: Hex
  /** What was redeemed: vouchers of channels or of service allotments. */
  kind: 'jobs' | 'service'
  /** Vouchers of this provider in the transaction. */
  vouchers: number
  /** Gas of the whole transaction. */
  gasUsed: bigint
  /** Wei that the relay took which sent it; absent when this node sent it itself. */
  relayFee?: bigint
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

/** What a provider gives a relay, once: the parts of its `RedeemPermit` that are not known anyway. */
export interface RelayFee {
  /** Hundredths of a per cent of what is redeemed. */
  bps: number
  nonce: number
  /** Unix seconds. */
  deadline: number
  signature: Hex
}

/** The vouchers of one provider among those that a relay redeems together. */
export interface RelayGroup {
  /** Owner address. */
  provider: Hex
  vouchers: readonly SignedVoucher[]
  /** Absent when the relay takes nothing. */
  fee?: RelayFee
}

/** What became of a group; `hash` is that of the transaction. */
export interface RelayedGroup {
  hash: Hex
  /** Payers whose voucher paid nothing. */
  skipped: readonly Hex[]
  /** Why the contract looked at none of its vouchers: the name of the error; absent when it did. */
  refused?: string
}

/** What a relay needs of the chain. */
export interface RelayPort {
  /** Account that sends the transactions: permits name it. */
  readonly relayer: Hex
  /** As `SettlementPort.channel`. */
  channel(payer: Hex, provider: Hex): Promise<ChainChannel>
  /** Whether the provider used this nonce in an order. Rejects with CHAIN_UNREACHABLE. */
  isNonceUsed(provider: Hex, nonce: number): Promise<boolean>
  /** Redeems all groups in one transaction; an answer for each, in their order. Rejects with CHAIN_* codes. */
  redeemMany(groups: readonly RelayGroup[]): Promise<RelayedGroup[]>
}

/** Settlement's writes for a provider whose vouchers a relay sends. */
export interface RelayedPort extends SettlementPort {
  /**
   * Has another account send vouchers: `send` resolves to the hash of its transaction. Only what the chain shows of
   * a transaction mined since then counts: rejects with RELAY_UNTRUE when there is none that paid the provider, and
   * as `send`.
   */
  redeemBy(
    provider: Hex,
    vouchers: readonly SignedVoucher[],
    send: () => Promise<Hex>,
  ): Promise<Redemption>
}

/** A way to somebody who sends vouchers. */
export interface RelayRoute {
  /** Resolves to the hash of the transaction, as the relay tells it. Rejects with the code of the refusal. */
  relay(provider: Hex, vouchers: readonly SignedVoucher[]): Promise<Hex>
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
