import type { Address, Hash } from 'viem'
import { writeContract } from 'viem/actions'
import { jobMarketAbi } from '../abi/job-market.ts'
import { guarded } from '../errors.ts'
import type { WithAddresses, WriteClient } from '../interface.ts'

export interface WithdrawEarnedParameters extends WithAddresses {
  /** who gets the money */
  to: Address
}

/** Sends the caller's thawing earnings to `to`, once the earned thaw is over. */
export function withdrawEarned(
  client: WriteClient,
  { addresses, to }: WithdrawEarnedParameters,
): Promise<Hash> {
  const args = [to] as const
  return guarded(
    writeContract(client, {
      address: addresses.market,
      abi: jobMarketAbi,
      functionName: 'withdrawEarned',
      args,
    }),
  )
}
