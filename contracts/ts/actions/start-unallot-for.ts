import type { Address, Hash } from 'viem'
import { writeContract } from 'viem/actions'
import { jobMarketAbi } from '../abi/job-market.ts'
import { guarded } from '../errors.ts'
import type { WithAddresses, WriteClient } from '../interface.ts'

export interface StartUnallotForParameters extends WithAddresses {
  /** a key of the caller */
  session: Address
  /** the provider's owner address; the zero address stands for the service allotment of the key */
  provider: Address
  /** wei */
  amount: bigint
}

/** Starts taking `amount` back out of a channel of the caller's session key. Replaces a running release. */
export function startUnallotFor(
  client: WriteClient,
  { addresses, session, provider, amount }: StartUnallotForParameters,
): Promise<Hash> {
  const args = [session, provider, amount] as const
  return guarded(
    writeContract(client, {
      address: addresses.market,
      abi: jobMarketAbi,
      functionName: 'startUnallotFor',
      args,
    }),
  )
}
