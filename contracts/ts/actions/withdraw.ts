import type { Address, Hash } from 'viem'
import { writeContract } from 'viem/actions'
import { jobMarketAbi } from '../abi/job-market.ts'
import { guarded } from '../errors.ts'
import type { WithAddresses, WriteClient } from '../interface.ts'

export interface WithdrawParameters extends WithAddresses {
  /** who gets the money */
  to: Address
}

/** Sends the caller's thawing money to `to`, once the escrow thaw is over. */
export function withdraw(
  client: WriteClient,
  { addresses, to }: WithdrawParameters,
): Promise<Hash> {
  const args = [to] as const
  return guarded(
    writeContract(client, {
      address: addresses.market,
      abi: jobMarketAbi,
      functionName: 'withdraw',
      args,
    }),
  )
}
