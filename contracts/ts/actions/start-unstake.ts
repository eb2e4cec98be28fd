import type { Hash } from 'viem'
import { providerRegistryAbi } from '../abi/provider-registry.ts'
import { guarded } from '../errors.ts'
import type { WithAddresses, WriteClient } from '../interface.ts'
import { writeWithMargin } from '../write-with-margin.ts'

export interface StartUnstakeParameters extends WithAddresses {
  /** wei */
  amount: bigint
}

/** Starts taking `amount` out of the caller's stake. Replaces a running unstake. */
export function startUnstake(
  client: WriteClient,
  { addresses, amount }: StartUnstakeParameters,
): Promise<Hash> {
  const args = [amount] as const
  return guarded(
    writeWithMargin(client, {
      address: addresses.registry,
      abi: providerRegistryAbi,
      functionName: 'startUnstake',
      args,
    }),
  )
}
