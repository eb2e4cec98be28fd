import type { Hash } from 'viem'
import { writeContract } from 'viem/actions'
import { jobMarketAbi } from '../abi/job-market.ts'
import { guarded } from '../errors.ts'
import type { WithAddresses, WriteClient } from '../interface.ts'

export interface StartWithdrawEarnedParameters extends WithAddresses {
  /** wei */
  amount: bigint
}

/** Starts taking `amount` out of the caller's earnings. Replaces a running withdrawal. */
export function startWithdrawEarned(
  client: WriteClient,
  { addresses, amount }: StartWithdrawEarnedParameters,
): Promise<Hash> {
  const args = [amount] as const
  return guarded(
    writeContract(client, {
      address: addresses.market,
      abi: jobMarketAbi,
      functionName: 'startWithdrawEarned',
      args,
    }),
  )
}
