import type { Address, Hex } from 'viem'
import { readContract } from '../read-contract.ts'
import { providerRegistryAbi } from '../abi/provider-registry.ts'
import { guarded } from '../errors.ts'
import type { ReadClient, WithAddresses } from '../interface.ts'

export interface ReadOnionParameters extends WithAddresses {
  /** the provider's owner address */
  owner: Address
}

/** What a provider has committed to reveal. */
export interface Onion {
  /** keccak256 of the next preimage */
  tip: Hex
  /** the first epoch in which it may be revealed */
  fromEpoch: bigint
}

/** Reads the onion of a provider, or undefined when it never committed one. */
export async function readOnion(
  client: ReadClient,
  { addresses, owner }: ReadOnionParameters,
): Promise<Onion | undefined> {
  const [tip, fromEpoch] = await guarded(
    readContract(client, {
      address: addresses.registry,
      abi: providerRegistryAbi,
      functionName: 'onionOf',
      args: [owner],
    }),
  )
  return fromEpoch === 0n ? undefined : { tip, fromEpoch }
}
