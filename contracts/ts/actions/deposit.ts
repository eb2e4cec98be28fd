import type { Address, Hash } from 'viem'
import { writeContract } from 'viem/actions'
import { jobMarketAbi } from '../abi/job-market.ts'
import { guarded } from '../errors.ts'
import type { WithAddresses, WriteClient } from '../interface.ts'

export interface DepositParameters extends WithAddresses {
  /** whose account; need not be the caller */
  payer: Address
  /** wei */
  amount: bigint
}

/** Moves DUCK from the caller's wallet into the account of `payer`. Approve the market first. */
export function deposit(
  client: WriteClient,
  { addresses, payer, amount }: DepositParameters,
): Promise<Hash> {
  const args = [payer, amount] as const
  return guarded(
    writeContract(client, {
      address: addresses.market,
      abi: jobMarketAbi,
      functionName: 'deposit',
      args,
    }),
  )
}
