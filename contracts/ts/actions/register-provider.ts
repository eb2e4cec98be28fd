import type { Address, Hash, Hex } from 'viem'
import { providerRegistryAbi } from '../abi/provider-registry.ts'
import { guarded } from '../errors.ts'
import type { WithAddresses, WriteClient } from '../interface.ts'
import { writeWithMargin } from '../write-with-margin.ts'

export interface RegisterProviderParameters extends WithAddresses {
  /** the key that will sign for the provider, used by no other */
  operator: Address
  /** the node's Ed25519 public key, 32 bytes */
  peerKey: Hex
  /** a multiaddr to reach it, at most 512 bytes; empty when left out */
  endpoint?: string
  /** more about it, at most 512 bytes; empty when left out */
  metadataURI?: string
  /** wei, at least `MIN_STAKE` */
  stake: bigint
}

/** Registers the caller as provider and takes its stake. Approve the registry first. */
export function registerProvider(
  client: WriteClient,
  { addresses, ...provider }: RegisterProviderParameters,
): Promise<Hash> {
  const { operator, peerKey, endpoint = '', metadataURI = '', stake } = provider
  return guarded(
    writeWithMargin(client, {
      address: addresses.registry,
      abi: providerRegistryAbi,
      functionName: 'registerProvider',
      args: [operator, peerKey, endpoint, metadataURI, stake],
    }),
  )
}
