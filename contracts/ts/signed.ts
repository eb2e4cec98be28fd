import type { Address } from 'viem'

/** A payer's promise: all it owes `provider` so far is `cumulative` wei. Signed off chain (EIP-712). */
export interface Voucher {
  payer: Address
  provider: Address
  /** wei */
  cumulative: bigint
  /** 0n in this version */
  epoch: bigint
}

/** A payer's order to move `amount` wei of its deposit into a channel. Signed off chain (EIP-712). */
export interface Allotment {
  payer: Address
  provider: Address
  /** wei */
  amount: bigint
  /** any number below 2^64 that the payer has not used */
  nonce: bigint
  /** unix seconds */
  deadline: bigint
}
