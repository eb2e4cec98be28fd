/** Messages of the relay protocol: what the codecs return and take. */
import type { Hello, Hex } from './base-types.ts'

/** A voucher of epoch 0 for the provider of the request; `cumulative` in wei. */
export interface RelayVoucher {
  payer: Hex
  cumulative: bigint
  signature: Hex
}

/** A `RedeemPermit` of the market without provider and relayer; `feeBps` in hundredths of a per cent. */
export interface RelayPermit {
  feeBps: number
  nonce: number
  /** Unix seconds. */
  deadline: number
  signature: Hex
}

/** Asks a peer to redeem vouchers of one provider, together with those of others. */
export interface RelayRequest {
  id: number
  /** Owner address. */
  provider: Hex
  vouchers: RelayVoucher[]
  /** Absent when nothing is paid. */
  permit?: RelayPermit
}

/** `code` is empty when the transaction `txHash` is in a block; `skipped` are payers whose voucher paid nothing. */
export interface RelayResult {
  id: number
  code: string
  txHash?: Hex
  skipped: Hex[]
}

export type RelayFrame =
  | { kind: 'hello'; hello: Hello }
  | { kind: 'request'; request: RelayRequest }
  | { kind: 'result'; result: RelayResult }
