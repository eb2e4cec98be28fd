import type { Address } from 'viem'
import { readContract } from '../read-contract.ts'
import { jobMarketAbi } from '../abi/job-market.ts'
import { guarded } from '../errors.ts'
import type { ReadClient, WithAddresses } from '../interface.ts'

export interface ReadEarnedParameters extends WithAddresses {
  /** the provider's owner address */
  provider: Address
}

/** What a provider redeemed and has not taken out; amounts in wei. */
export interface Earned {
  /** all of it, the thawing part included */
  total: bigint
  /** what is on its way out */
  thawing: bigint
  /** from when that may leave, unix seconds; 0n when nothing thaws */
  thawEnd: bigint
}

/** Reads the earnings of a provider. */
export async function readEarned(
  client: ReadClient,
  { addresses, provider }: ReadEarnedParameters,
): Promise<Earned> {
  const [total, thawing, thawEnd] = await guarded(
    readContract(client, {
      address: addresses.market,
      abi: jobMarketAbi,
      functionName: 'earned',
      args: [provider],
    }),
  )
  return { total, thawing, thawEnd }
}
