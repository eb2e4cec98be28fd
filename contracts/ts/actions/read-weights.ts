import type { Address } from 'viem'
import { readContract } from '../read-contract.ts'
import { providerRegistryAbi } from '../abi/provider-registry.ts'
import { MAX_PAGE } from '../constants.ts'
import { guarded } from '../errors.ts'
import type { ReadClient, WithAddresses } from '../interface.ts'

export interface ReadWeightsParameters extends WithAddresses {
  epoch: bigint
}

/** One owner that weighs something. */
export interface Weight {
  /** the provider's owner address, with EIP-55 checksum */
  owner: Address
  /** wei, above zero */
  weight: bigint
}

/**
 * Reads all weights of an epoch in order of registration, page by page until the end. They stand from the start of the
 * epoch before on; throws `FutureLookup` until the second after it.
 */
export async function readWeights(
  client: ReadClient,
  { addresses, epoch }: ReadWeightsParameters,
): Promise<Weight[]> {
  const found: Weight[] = []
  let cursor = 0n
  do {
    const [owners, weights, next] = await guarded(
      readContract(client, {
        address: addresses.registry,
        abi: providerRegistryAbi,
        functionName: 'getWeights',
        args: [epoch, cursor, BigInt(MAX_PAGE)],
      }),
    )
    found.push(...owners.map((owner, at) => ({ owner, weight: weights[at] ?? 0n })))
    cursor = next
  } while (cursor !== 0n)
  return found
}
