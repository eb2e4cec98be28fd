import { zeroAddress, type Address, type Hex } from 'viem'
import { readContract } from '../read-contract.ts'
import { lightReadsAbi } from '../abi/light-reads.ts'
import { guarded } from '../errors.ts'
import type { ReadClient, WithAddresses } from '../interface.ts'

export interface ReadProviderParameters extends WithAddresses {
  /** the provider's owner address */
  provider: Address
}

/** What the registry knows of a provider; amounts in wei, times in unix seconds. */
export interface Provider {
  owner: Address
  operator: Address
  /** Ed25519 public key, 32 bytes */
  peerKey: Hex
  /** the whole stake, the thawing part included */
  stake: bigint
  thawing: bigint
  thawEnd: bigint
  since: bigint
  /** whether stake - thawing reaches `MIN_STAKE` */
  isActive: boolean
}

/** Reads a provider, or undefined when it never registered. */
export async function readProvider(
  client: ReadClient,
  { addresses, provider }: ReadProviderParameters,
): Promise<Provider | undefined> {
  const found = await guarded(
    readContract(client, {
      address: addresses.registry,
      abi: lightReadsAbi,
      functionName: 'providers',
      args: [provider],
    }),
  )
  return found.owner === zeroAddress ? undefined : found
}
