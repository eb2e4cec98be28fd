import type { Address, Hash } from 'viem'
import { writeContract } from 'viem/actions'
import { jobMarketAbi } from '../abi/job-market.ts'
import { guarded } from '../errors.ts'
import type { WithAddresses, WriteClient } from '../interface.ts'

export interface StartUnallotParameters extends WithAddresses {
  /** the provider's owner address */
  provider: Address
  /** wei */
  amount: bigint
}

/** Starts taking `amount` back out of the caller's channel. Replaces a running release. */
export function startUnallot(
  client: WriteClient,
  { addresses, provider, amount }: StartUnallotParameters,
): Promise<Hash> {
  const args = [provider, amount] as const
  return guarded(
    writeContract(client, {
      address: addresses.market,
      abi: jobMarketAbi,
      functionName: 'startUnallot',
      args,
    }),
  )
}
