import type { Hash } from 'viem'
import { providerRegistryAbi } from '../abi/provider-registry.ts'
import { guarded } from '../errors.ts'
import type { WithAddresses, WriteClient } from '../interface.ts'
import { writeWithMargin } from '../write-with-margin.ts'

/** Keeps the caller's thawing stake after all. */
export function cancelUnstake(client: WriteClient, { addresses }: WithAddresses): Promise<Hash> {
  return guarded(
    writeWithMargin(client, {
      address: addresses.registry,
      abi: providerRegistryAbi,
      functionName: 'cancelUnstake',
    }),
  )
}
