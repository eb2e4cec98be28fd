import type { Hash } from 'viem'
import { writeContract } from 'viem/actions'
import { providerRegistryAbi } from '../abi/provider-registry.ts'
import { guarded } from '../errors.ts'
import type { WithAddresses, WriteClient } from '../interface.ts'

export interface AddStakeParameters extends WithAddresses {
  /** wei */
  amount: bigint
}

/** Adds `amount` to the caller's stake. Approve the registry first. */
export function addStake(
  client: WriteClient,
  { addresses, amount }: AddStakeParameters,
): Promise<Hash> {
  const args = [amount] as const
  return guarded(
    writeContract(client, {
      address: addresses.registry,
      abi: providerRegistryAbi,
      functionName: 'addStake',
      args,
    }),
  )
}
