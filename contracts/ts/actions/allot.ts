import type { Address, Hash } from 'viem'
import { writeContract } from 'viem/actions'
import { jobMarketAbi } from '../abi/job-market.ts'
import { guarded } from '../errors.ts'
import type { WithAddresses, WriteClient } from '../interface.ts'

export interface AllotParameters extends WithAddresses {
  /** the provider's owner address */
  provider: Address
  /** wei */
  amount: bigint
}

/** Moves `amount` of the caller's free money into its channel with `provider`. */
export function allot(
  client: WriteClient,
  { addresses, provider, amount }: AllotParameters,
): Promise<Hash> {
  const args = [provider, amount] as const
  return guarded(
    writeContract(client, {
      address: addresses.market,
      abi: jobMarketAbi,
      functionName: 'allot',
      args,
    }),
  )
}
