import type { Hash } from 'viem'
import { writeContract } from 'viem/actions'
import { providerRegistryAbi } from '../abi/provider-registry.ts'
import { guarded } from '../errors.ts'
import type { WithAddresses, WriteClient } from '../interface.ts'

/** Lets the announced operator take over. Throws `StillThawing` before its time. */
export function finishOperatorRotation(
  client: WriteClient,
  { addresses }: WithAddresses,
): Promise<Hash> {
  return guarded(
    writeContract(client, {
      address: addresses.registry,
      abi: providerRegistryAbi,
      functionName: 'finishOperatorRotation',
    }),
  )
}
