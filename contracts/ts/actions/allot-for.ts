import type { Address, Hash } from 'viem'
import { writeContract } from 'viem/actions'
import { jobMarketAbi } from '../abi/job-market.ts'
import { guarded } from '../errors.ts'
import type { WithAddresses, WriteClient } from '../interface.ts'

export interface AllotForParameters extends WithAddresses {
  /** a key of the caller */
  session: Address
  /** the provider's owner address; the zero address stands for the service allotment of the key */
  provider: Address
  /** wei */
  amount: bigint
}

/** Moves money of the caller into a channel of its session key, within the cap of the key. */
export function allotFor(
  client: WriteClient,
  { addresses, session, provider, amount }: AllotForParameters,
): Promise<Hash> {
  const args = [session, provider, amount] as const
  return guarded(
    writeContract(client, {
      address: addresses.market,
      abi: jobMarketAbi,
      functionName: 'allotFor',
      args,
    }),
  )
}
