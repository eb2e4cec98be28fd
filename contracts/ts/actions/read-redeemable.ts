import type { Address } from 'viem'
import { readContract } from '../read-contract.ts'
import { jobMarketAbi } from '../abi/job-market.ts'
import { guarded } from '../errors.ts'
import type { ReadClient, WithAddresses } from '../interface.ts'

export interface ReadRedeemableParameters extends WithAddresses {
  /** the provider's owner address */
  provider: Address
}

/** How much more a provider may redeem in this period. */
export interface Redeemable {
  /** wei */
  room: bigint
  /** when the next period can begin, unix seconds; 0n when none is running */
  periodEnd: bigint
}

/** Reads how much more a provider may redeem: in each period at most its eligible stake at the start. */
export async function readRedeemable(
  client: ReadClient,
  { addresses, provider }: ReadRedeemableParameters,
): Promise<Redeemable> {
  const [room, periodEnd] = await guarded(
    readContract(client, {
      address: addresses.market,
      abi: jobMarketAbi,
      functionName: 'redeemable',
      args: [provider],
    }),
  )
  return { room, periodEnd }
}
