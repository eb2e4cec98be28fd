/**
 * The structs that are signed with EIP-712 (SCHEMAS "EIP-712 structs"), defined once for mesh, chain and tests.
 *
 * The shape of `EIP712_TYPES` is the one viem takes as `types`.
 */
import { lowerHex } from './hex.ts'
import type { Hex } from './types.ts'

export const EIP712_TYPES = {
  JobOrder: [
    { name: 'payer', type: 'address' },
    { name: 'nonce', type: 'uint64' },
    { name: 'modelId', type: 'bytes32' },
    { name: 'specHash', type: 'bytes32' },
    { name: 'mode', type: 'uint8' },
    { name: 'replicas', type: 'uint8' },
    { name: 'maxPrice', type: 'uint96' },
    { name: 'auditBps', type: 'uint16' },
    { name: 'secretHash', type: 'bytes32' },
    { name: 'deadline', type: 'uint64' },
  ],
  Bid: [
    { name: 'jobId', type: 'bytes32' },
    { name: 'attempt', type: 'uint32' },
    { name: 'provider', type: 'address' },
    { name: 'priceIn', type: 'uint96' },
    { name: 'priceOut', type: 'uint96' },
    { name: 'etaMs', type: 'uint32' },
    { name: 'funding', type: 'uint8' },
    { name: 'expiry', type: 'uint64' },
  ],
  BidAck: [
    { name: 'jobId', type: 'bytes32' },
    { name: 'attempt', type: 'uint32' },
    { name: 'seat', type: 'address' },
    { name: 'commit', type: 'bytes32' },
  ],
  Match: [
    { name: 'jobId', type: 'bytes32' },
    { name: 'attempt', type: 'uint32' },
    { name: 'epoch', type: 'uint64' },
    { name: 'turn', type: 'uint32' },
    { name: 'seat', type: 'address' },
    { name: 'bidsRoot', type: 'bytes32' },
    { name: 'bids', type: 'uint16' },
  ],
  Award: [
    { name: 'jobId', type: 'bytes32' },
    { name: 'segment', type: 'uint16' },
    { name: 'provider', type: 'address' },
    { name: 'bidHash', type: 'bytes32' },
    { name: 'matchHash', type: 'bytes32' },
    { name: 'fromToken', type: 'uint32' },
    { name: 'prefixHash', type: 'bytes32' },
    { name: 'budget', type: 'uint96' },
    { name: 'issuedAt', type: 'uint64' },
  ],
  Accept: [
    { name: 'jobId', type: 'bytes32' },
    { name: 'segment', type: 'uint16' },
    { name: 'provider', type: 'address' },
    { name: 'fromToken', type: 'uint32' },
    { name: 'prefixHash', type: 'bytes32' },
    { name: 'bond', type: 'uint96' },
    { name: 'etaMs', type: 'uint32' },
  ],
  Receipt: [
    { name: 'jobId', type: 'bytes32' },
    { name: 'segment', type: 'uint16' },
    { name: 'item', type: 'uint32' },
    { name: 'seq', type: 'uint32' },
    { name: 'payer', type: 'address' },
    { name: 'provider', type: 'address' },
    { name: 'tokensIn', type: 'uint32' },
    { name: 'tokensOut', type: 'uint32' },
    { name: 'tokensRoot', type: 'bytes32' },
    { name: 'traceRoot', type: 'bytes32' },
    { name: 'amount', type: 'uint96' },
    { name: 'specHash', type: 'bytes32' },
    { name: 'last', type: 'bool' },
  ],
  Voucher: [
    { name: 'payer', type: 'address' },
    { name: 'provider', type: 'address' },
    { name: 'cumulative', type: 'uint96' },
    { name: 'epoch', type: 'uint64' },
  ],
  ServiceVoucher: [
    { name: 'payer', type: 'address' },
    { name: 'provider', type: 'address' },
    { name: 'cumulative', type: 'uint96' },
  ],
  Allotment: [
    { name: 'payer', type: 'address' },
    { name: 'provider', type: 'address' },
    { name: 'amount', type: 'uint96' },
    { name: 'nonce', type: 'uint64' },
    { name: 'deadline', type: 'uint64' },
  ],
  PeerBinding: [
    { name: 'peerKey', type: 'bytes32' },
    { name: 'operator', type: 'address' },
    { name: 'encKey', type: 'bytes32' },
    { name: 'expiry', type: 'uint64' },
  ],
  ClientBinding: [
    { name: 'peerKey', type: 'bytes32' },
    { name: 'payer', type: 'address' },
    { name: 'expiry', type: 'uint64' },
  ],
  Verdict: [
    { name: 'receiptHash', type: 'bytes32' },
    { name: 'verifier', type: 'address' },
    { name: 'outcome', type: 'uint8' },
    { name: 'leavesRoot', type: 'bytes32' },
  ],
  Ruling: [
    { name: 'disputeId', type: 'bytes32' },
    { name: 'referee', type: 'address' },
    { name: 'outcome', type: 'uint8' },
    { name: 'refereeRoot', type: 'bytes32' },
  ],
  Unallotment: [
    { name: 'payer', type: 'address' },
    { name: 'provider', type: 'address' },
    { name: 'nonce', type: 'uint64' },
    { name: 'deadline', type: 'uint64' },
  ],
  Deposit: [
    { name: 'payer', type: 'address' },
    { name: 'amount', type: 'uint96' },
    { name: 'provider', type: 'address' },
    { name: 'allotted', type: 'uint96' },
    { name: 'nonce', type: 'uint64' },
    { name: 'deadline', type: 'uint64' },
  ],
  SessionGrant: [
    { name: 'account', type: 'address' },
    { name: 'session', type: 'address' },
    { name: 'cap', type: 'uint96' },
    { name: 'expiry', type: 'uint64' },
  ],
  RedeemPermit: [
    { name: 'provider', type: 'address' },
    { name: 'relayer', type: 'address' },
    { name: 'feeBps', type: 'uint16' },
    { name: 'nonce', type: 'uint64' },
    { name: 'deadline', type: 'uint64' },
  ],
} as const

/** Name of a struct. */
export type Eip712Type = keyof typeof EIP712_TYPES

/** TypeScript value of a Solidity type: money is bigint, other integers may be numbers up to 2^53 - 1. */
type ValueOf<S extends string> = S extends 'address' | 'bytes32'
  ? Hex
  : S extends 'bool'
    ? boolean
    : S extends 'uint96'
      ? bigint
      : number | bigint

/** Message of a struct; more properties, such as a signature, do no harm. */
export type Eip712Message<T extends Eip712Type> = {
  readonly [F in (typeof EIP712_TYPES)[T][number] as F['name']]: ValueOf<F['type']>
}

/** The one domain of DuckMesh; the verifying contract is the ProviderRegistry. */
export interface Eip712Domain {
  readonly name: 'DuckMesh'
  readonly version: '1'
  readonly chainId: number
  readonly verifyingContract: Hex
}

/** Domains made before: a process speaks to one network, a test to a few. */
const domains = new Map<string, Eip712Domain>()
const MAX_DOMAINS = 16

/**
 * Domain of the network on this chain with this ProviderRegistry (checksummed or not): the same frozen object each
 * time, so that its separator is hashed once.
 */
export function domainOf(chainId: number, registry: string): Eip712Domain {
  const key = `${chainId}:${registry}`
  const known = domains.get(key)
  if (known !== undefined) return known
  const verifyingContract = lowerHex(registry)
  const domain = Object.freeze({ name: 'DuckMesh', version: '1', chainId, verifyingContract })
  if (domains.size >= MAX_DOMAINS) domains.clear()
  domains.set(key, domain)
  return domain
}
