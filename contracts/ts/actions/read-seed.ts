import type { Hex } from 'viem'
import { readContract } from '../read-contract.ts'
import { lightReadsAbi } from '../abi/light-reads.ts'
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
      abi: lightReadsAbi,
      functionName: 'seedOf',
      args: [epoch],
    }),
  )
}
