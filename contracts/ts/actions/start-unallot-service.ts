import type { Hash } from 'viem'
import { writeContract } from 'viem/actions'
import { jobMarketAbi } from '../abi/job-market.ts'
import { guarded } from '../errors.ts'
import type { WithAddresses, WriteClient } from '../interface.ts'

export interface StartUnallotServiceParameters extends WithAddresses {
  /** wei */
  amount: bigint
}

/** Starts taking `amount` back out of the caller's service allotment. Replaces a running release. */
export function startUnallotService(
  client: WriteClient,
  { addresses, amount }: StartUnallotServiceParameters,
): Promise<Hash> {
  const args = [amount] as const
  return guarded(
    writeContract(client, {
      address: addresses.market,
      abi: jobMarketAbi,
      functionName: 'startUnallotService',
      args,
    }),
  )
}
