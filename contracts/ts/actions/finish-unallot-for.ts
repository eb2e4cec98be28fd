import type { Address, Hash } from 'viem'
import { writeContract } from 'viem/actions'
import { jobMarketAbi } from '../abi/job-market.ts'
import { guarded } from '../errors.ts'
import type { WithAddresses, WriteClient } from '../interface.ts'

export interface FinishUnallotForParameters extends WithAddresses {
  /** a key of the caller */
  session: Address
  /** the provider's owner address; the zero address stands for the service allotment of the key */
  provider: Address
}

/** Moves what thawed out of a channel of the caller's session key into the key's account: see `reclaimSession`. */
export function finishUnallotFor(
  client: WriteClient,
  { addresses, session, provider }: FinishUnallotForParameters,
): Promise<Hash> {
  const args = [session, provider] as const
  return guarded(
    writeContract(client, {
      address: addresses.market,
      abi: jobMarketAbi,
      functionName: 'finishUnallotFor',
      args,
    }),
  )
}
