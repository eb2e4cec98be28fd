import type { Hash } from 'viem'
import { writeContract } from 'viem/actions'
import { jobMarketAbi } from '../abi/job-market.ts'
import { guarded } from '../errors.ts'
import type { WithAddresses, WriteClient } from '../interface.ts'

/** Moves what thawed out of the caller's service allotment into its account. */
export function finishUnallotService(
  client: WriteClient,
  { addresses }: WithAddresses,
): Promise<Hash> {
  return guarded(
    writeContract(client, {
      address: addresses.market,
      abi: jobMarketAbi,
      functionName: 'finishUnallotService',
    }),
  )
}
