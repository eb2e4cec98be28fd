import type { Hash } from 'viem'
import { writeContract } from 'viem/actions'
import { jobMarketAbi } from '../abi/job-market.ts'
import { guarded } from '../errors.ts'
import type { WithAddresses, WriteClient } from '../interface.ts'

export interface StartWithdrawParameters extends WithAddresses {
  /** wei */
  amount: bigint
}

/** Starts taking `amount` out of the caller's account. Replaces a running withdrawal. */
export function startWithdraw(
  client: WriteClient,
  { addresses, amount }: StartWithdrawParameters,
): Promise<Hash> {
  const args = [amount] as const
  return guarded(
    writeContract(client, {
      address: addresses.market,
      abi: jobMarketAbi,
      functionName: 'startWithdraw',
      args,
    }),
  )
}
