import type { Address, Hex } from 'viem'
import { readContract } from '../read-contract.ts'
import { providerRegistryAbi } from '../abi/provider-registry.ts'
import { guarded } from '../errors.ts'
import type { ReadClient, WithAddresses } from '../interface.ts'

export interface ReadClassesParameters extends WithAddresses {
  /** the provider's owner address */
  provider: Address
}

/** Reads the model classes that a provider serves, 32 bytes each. */
export function readClasses(
  client: ReadClient,
  { addresses, provider }: ReadClassesParameters,
): Promise<readonly Hex[]> {
  return guarded(
    readContract(client, {
      address: addresses.registry,
      abi: providerRegistryAbi,
      functionName: 'classesOf',
      args: [provider],
    }),
  )
}
