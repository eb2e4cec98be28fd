import type { Address } from 'viem'
import { readContract } from '../read-contract.ts'
import { lightReadsAbi } from '../abi/light-reads.ts'
import { guarded } from '../errors.ts'
import type { ReadClient, WithAddresses } from '../interface.ts'

export interface ReadWeightParameters extends WithAddresses {
  /** the provider's owner address */
  provider: Address
  epoch: bigint
}

/**
 * Reads what a provider weighs in an epoch, wei: its eligible stake at the start of the epoch before, 0n when that was
 * below the least stake. Throws `FutureLookup` until the second after that start.
 */
export function readWeight(
  client: ReadClient,
  { addresses, provider, epoch }: ReadWeightParameters,
): Promise<bigint> {
  return guarded(
    readContract(client, {
      address: addresses.registry,
      abi: lightReadsAbi,
      functionName: 'weightAt',
      args: [provider, epoch],
    }),
  )
}
