import type { Address, Hash } from 'viem'
import { writeContract } from 'viem/actions'
import { jobMarketAbi } from '../abi/job-market.ts'
import { guarded } from '../errors.ts'
import type { WithAddresses, WriteClient } from '../interface.ts'

export interface FinishUnallotParameters extends WithAddresses {
  /** the provider's owner address */
  provider: Address
}

/** Moves the thawing money of the channel into the caller's account, once the escrow thaw is over. */
export function finishUnallot(
  client: WriteClient,
  { addresses, provider }: FinishUnallotParameters,
): Promise<Hash> {
  const args = [provider] as const
  return guarded(
    writeContract(client, {
      address: addresses.market,
      abi: jobMarketAbi,
      functionName: 'finishUnallot',
      args,
    }),
  )
}
