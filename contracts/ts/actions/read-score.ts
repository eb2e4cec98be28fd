import type { Address } from 'viem'
import { readContract } from '../read-contract.ts'
import { providerRegistryAbi } from '../abi/provider-registry.ts'
import { guarded } from '../errors.ts'
import type { ReadClient, WithAddresses } from '../interface.ts'

export interface ReadScoreParameters extends WithAddresses {
  epoch: bigint
  /** first 4 bits of the model id */
  shard: number
  turn: number
  /** the provider's owner address */
  owner: Address
}

/**
 * Reads the score of an owner for the seats of (epoch, shard, turn): lower is better, 2^256 - 1 without weight.
 * Throws `SeedNotFixed` or `FutureLookup` while the epoch is not decided.
 */
export function readScore(
  client: ReadClient,
  { addresses, epoch, shard, turn, owner }: ReadScoreParameters,
): Promise<bigint> {
  return guarded(
    readContract(client, {
      address: addresses.registry,
      abi: providerRegistryAbi,
      functionName: 'score',
      args: [epoch, shard, turn, owner],
    }),
  )
}
