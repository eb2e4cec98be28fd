/** What parties of the gas benchmark sign, as viem takes it. */
import { EIP712_TYPES } from '@duckmesh/proto'
import type { Address, TypedDataDefinition } from 'viem'

/** Orders to the market that only relayers send; the mesh does not carry them. */
const ORDER_TYPES = {
  Deposit: [
    { name: 'payer', type: 'address' },
    { name: 'amount', type: 'uint96' },
    { name: 'provider', type: 'address' },
    { name: 'allotted', type: 'uint96' },
    { name: 'nonce', type: 'uint64' },
    { name: 'deadline', type: 'uint64' },
  ],
  RedeemPermit: [
    { name: 'provider', type: 'address' },
    { name: 'relayer', type: 'address' },
    { name: 'feeBps', type: 'uint16' },
    { name: 'nonce', type: 'uint64' },
    { name: 'deadline', type: 'uint64' },
  ],
} as const

const TYPES = { ...EIP712_TYPES, ...ORDER_TYPES }

export type SignedType = keyof typeof TYPES

/** A message of one type in the domain of a deployment. */
export function typedData(
  chainId: number,
  registry: Address,
  primaryType: SignedType,
  message: object,
): TypedDataDefinition {
  const domain = { name: 'DuckMesh', version: '1', chainId, verifyingContract: registry }
  return { domain, types: TYPES, primaryType, message: { ...message } }
}
