import type { Hash, Hex } from 'viem'
import { writeContract } from 'viem/actions'
import { providerRegistryAbi } from '../abi/provider-registry.ts'
import { guarded } from '../errors.ts'
import type { WithAddresses, WriteClient } from '../interface.ts'

export interface CommitOnionParameters extends WithAddresses {
  /** keccak256 of the first preimage to reveal, which is keccak256 of the second, and so on; 32 bytes */
  tip: Hex
}

/** Commits the caller (a provider's owner) to a hash onion. It may be revealed from the next epoch on. */
export function commitOnion(
  client: WriteClient,
  { addresses, tip }: CommitOnionParameters,
): Promise<Hash> {
  return guarded(
    writeContract(client, {
      address: addresses.registry,
      abi: providerRegistryAbi,
      functionName: 'commitOnion',
      args: [tip],
    }),
  )
}
