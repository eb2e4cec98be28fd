import type { Hash, Hex } from 'viem'
import { writeContract } from 'viem/actions'
import { jobMarketAbi } from '../abi/job-market.ts'
import { guarded } from '../errors.ts'
import type { WithAddresses, WriteClient } from '../interface.ts'
import type { Deposit, TokenPermit } from '../signed.ts'

export interface DepositBySigParameters extends WithAddresses {
  deposit: Deposit
  /** of the deposit, by the payer: 65 bytes, or 64 bytes (EIP-2098) */
  signature: Hex
  /** of `deposit.amount` for the market; any, where the market has an allowance already */
  permit: TokenPermit
}

/**
 * Submits a deposit that a payer signed, with its ERC-2612 permit, and allots in the same transaction if it says so.
 * Anybody may send it: the sender pays the gas, the payer the DUCK.
 */
export function depositBySig(
  client: WriteClient,
  { addresses, deposit, signature, permit }: DepositBySigParameters,
): Promise<Hash> {
  const args = [deposit, signature, permit] as const
  return guarded(
    writeContract(client, {
      address: addresses.market,
      abi: jobMarketAbi,
      functionName: 'depositBySig',
      args,
    }),
  )
}
