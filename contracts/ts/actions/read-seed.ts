import type { Hex } from 'viem'
import { readContract } from 'viem/actions'
import { providerRegistryAbi } from '../abi/provider-registry.ts'
import { guarded } from '../errors.ts'
import type { ReadClient, WithAddresses } from '../interface.ts'

export interface ReadSeedParameters extends WithAddresses {
  epoch: bigint
}

/** Reads the seed of an epoch, 32 bytes. Throws `SeedNotFixed` before the middle of the epoch before it. */
export function readSeed(
  client: ReadClient,
  { addresses, epoch }: ReadSeedParameters,
): Promise<Hex> {
  return guarded(
    readContract(client, {
      address: addresses.registry,
      abi: providerRegistryAbi,
      functionName: 'seedOf',
      args: [epoch],
    }),
  )
}
