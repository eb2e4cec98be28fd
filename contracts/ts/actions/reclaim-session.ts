import type { Address, Hash } from 'viem'
import { writeContract } from 'viem/actions'
import { jobMarketAbi } from '../abi/job-market.ts'
import { guarded } from '../errors.ts'
import type { WithAddresses, WriteClient } from '../interface.ts'

export interface ReclaimSessionParameters extends WithAddresses {
  /** a key of the caller */
  session: Address
}

/** Moves what a session key of the caller holds unallotted into the caller's account, once the session is over. */
export function reclaimSession(
  client: WriteClient,
  { addresses, session }: ReclaimSessionParameters,
): Promise<Hash> {
  const args = [session] as const
  return guarded(
    writeContract(client, {
      address: addresses.market,
      abi: jobMarketAbi,
      functionName: 'reclaimSession',
      args,
    }),
  )
}
