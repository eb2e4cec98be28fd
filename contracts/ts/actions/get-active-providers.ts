import type { Address } from 'viem'
import { readContract } from '../read-contract.ts'
import { providerRegistryAbi } from '../abi/provider-registry.ts'
import { MAX_PAGE } from '../constants.ts'
import { guarded } from '../errors.ts'
import type { ReadClient, WithAddresses } from '../interface.ts'

export interface GetActiveProvidersParameters extends WithAddresses {
  /** where to go on; the beginning when left out */
  cursor?: bigint
  /** how many registrations to look at, 1 to `MAX_PAGE`; `MAX_PAGE` when left out */
  limit?: number
}

/** One page of providers. A page may be empty and yet not be the last. */
export interface ActiveProviders {
  /** owner addresses in order of registration */
  providers: readonly Address[]
  /** the cursor of the next page, or undefined at the end */
  next: bigint | undefined
}

/** Lists the providers with enough stake, page by page. */
export async function getActiveProviders(
  client: ReadClient,
  { addresses, cursor = 0n, limit = MAX_PAGE }: GetActiveProvidersParameters,
): Promise<ActiveProviders> {
  const [providers, next] = await guarded(
    readContract(client, {
      address: addresses.registry,
      abi: providerRegistryAbi,
      functionName: 'getActiveProviders',
      args: [cursor, BigInt(limit)],
    }),
  )
  return { providers, next: next === 0n ? undefined : next }
}
