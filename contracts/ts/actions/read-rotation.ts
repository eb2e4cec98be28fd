import { zeroAddress, type Address } from 'viem'
import { readContract } from '../read-contract.ts'
import { providerRegistryAbi } from '../abi/provider-registry.ts'
import { guarded } from '../errors.ts'
import type { ReadClient, WithAddresses } from '../interface.ts'

export interface ReadRotationParameters extends WithAddresses {
  /** the provider's owner address */
  provider: Address
}

/** A key that will sign for a provider. */
export interface Rotation {
  operator: Address
  /** from when it may take over, unix seconds */
  readyAt: bigint
}

/** Reads who will sign for a provider next, or undefined when nobody was announced. */
export async function readRotation(
  client: ReadClient,
  { addresses, provider }: ReadRotationParameters,
): Promise<Rotation | undefined> {
  const [operator, readyAt] = await guarded(
    readContract(client, {
      address: addresses.registry,
      abi: providerRegistryAbi,
      functionName: 'nextOperatorOf',
      args: [provider],
    }),
  )
  return operator === zeroAddress ? undefined : { operator, readyAt }
}
