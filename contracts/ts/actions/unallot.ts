import type { Address, Hash } from 'viem'
import { writeContract } from 'viem/actions'
import { jobMarketAbi } from '../abi/job-market.ts'
import { guarded } from '../errors.ts'
import type { WithAddresses, WriteClient } from '../interface.ts'

export interface UnallotParameters extends WithAddresses {
  payer: Address
}

/** Gives the rest of the caller's channel with `payer` back to it at once. Sent by the provider's owner. */
export function unallot(
  client: WriteClient,
  { addresses, payer }: UnallotParameters,
): Promise<Hash> {
  const args = [payer] as const
  return guarded(
    writeContract(client, {
      address: addresses.market,
      abi: jobMarketAbi,
      functionName: 'unallot',
      args,
    }),
  )
}
