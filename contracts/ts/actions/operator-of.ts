import { zeroAddress, type Address } from 'viem'
import { readContract } from '../read-contract.ts'
import { providerRegistryAbi } from '../abi/provider-registry.ts'
import { guarded } from '../errors.ts'
import type { ReadClient, WithAddresses } from '../interface.ts'

export interface OperatorOfParameters extends WithAddresses {
  provider: Address
}

/** Who signs for a provider, or undefined when it never registered. */
export async function operatorOf(
  client: ReadClient,
  { addresses, provider }: OperatorOfParameters,
): Promise<Address | undefined> {
  const found = await guarded(
    readContract(client, {
      address: addresses.registry,
      abi: providerRegistryAbi,
      functionName: 'operatorOf',
      args: [provider],
    }),
  )
  return found === zeroAddress ? undefined : found
}
