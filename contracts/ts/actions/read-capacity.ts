import { readContract } from '../read-contract.ts'
import { jobMarketAbi } from '../abi/job-market.ts'
import { guarded } from '../errors.ts'
import type { ReadClient } from '../interface.ts'
import type { ReadChannelParameters } from './read-channel.ts'

/** What a provider may count on in its channel with a payer, wei: allotted - redeemed - thawing. */
export function readCapacity(
  client: ReadClient,
  { addresses, payer, provider }: ReadChannelParameters,
): Promise<bigint> {
  return guarded(
    readContract(client, {
      address: addresses.market,
      abi: jobMarketAbi,
      functionName: 'capacity',
      args: [payer, provider],
    }),
  )
}
