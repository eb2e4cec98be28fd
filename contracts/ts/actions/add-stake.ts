import type { Hash } from 'viem'
import { providerRegistryAbi } from '../abi/provider-registry.ts'
import { guarded } from '../errors.ts'
import type { WithAddresses, WriteClient } from '../interface.ts'
import { writeWithMargin } from '../write-with-margin.ts'

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
    writeWithMargin(client, {
      address: addresses.registry,
      abi: providerRegistryAbi,
      functionName: 'addStake',
      args,
    }),
  )
}
