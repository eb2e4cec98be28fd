import type { Hash, Hex } from 'viem'
import { writeContract } from 'viem/actions'
import { providerRegistryAbi } from '../abi/provider-registry.ts'
import { guarded } from '../errors.ts'
import type { WithAddresses, WriteClient } from '../interface.ts'

export interface SetClassesParameters extends WithAddresses {
  /** at most 16, 32 bytes each */
  classes: readonly Hex[]
}

/** Says which model classes a provider serves, in place of earlier ones. Called by its owner or operator. */
export function setClasses(
  client: WriteClient,
  { addresses, classes }: SetClassesParameters,
): Promise<Hash> {
  return guarded(
    writeContract(client, {
      address: addresses.registry,
      abi: providerRegistryAbi,
      functionName: 'setClasses',
      args: [classes],
    }),
  )
}
