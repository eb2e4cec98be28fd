import type { Address, Hex } from 'viem'

/** A payer's promise: all it owes `provider` so far is `cumulative` wei. Signed off chain (EIP-712). */
export interface Voucher {
  payer: Address
  provider: Address
  /** wei */
  cumulative: bigint
  /** 0n in this version */
  epoch: bigint
}

/** The same promise to a seat, verifier or referee, paid from the payer's service allotment (EIP-712). */
export interface ServiceVoucher {
  payer: Address
  /** the owner address of who serves */
  provider: Address
  /** wei */
  cumulative: bigint
}

/** A payer's order to move `amount` wei of its deposit into a channel; zero provider: its service allotment. Signed off chain. */
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

/** A provider's order to give all that is left of a channel back to its payer. Signed off chain (EIP-712). */
export interface Unallotment {
  payer: Address
  provider: Address
  /** any number below 2^64 that the provider has not used */
  nonce: bigint
  /** unix seconds */
  deadline: bigint
}

/** A payer's order to deposit from its wallet, and to allot a part of it. Signed off chain (EIP-712). */
export interface Deposit {
  payer: Address
  /** from the wallet into the account, wei */
  amount: bigint
  /** whose channel gets `allotted`; zero: the service allotment */
  provider: Address
  /** from the account into the channel, wei; 0n: nothing */
  allotted: bigint
  /** any number below 2^64 that the payer has not used */
  nonce: bigint
  /** unix seconds */
  deadline: bigint
}

/** An ERC-2612 permit whose owner and value are those of the order that it comes with. */
export interface TokenPermit {
  /** unix seconds */
  deadline: bigint
  /** 27 or 28 */
  v: number
  r: Hex
  s: Hex
}

/** The consent of a session key to spend up to `cap` wei of an account. Signed off chain (EIP-712). */
export interface SessionGrant {
  account: Address
  session: Address
  /** wei */
  cap: bigint
  /** unix seconds */
  expiry: bigint
}

/** A provider's promise of a fee to who redeems for it, once. Signed off chain (EIP-712). */
export interface RedeemPermit {
  provider: Address
  /** who may use it */
  relayer: Address
  /** hundredths of a per cent, at most `MAX_FEE_BPS` */
  feeBps: number
  /** any number below 2^64 that the provider has not used */
  nonce: bigint
  /** unix seconds */
  deadline: bigint
}
