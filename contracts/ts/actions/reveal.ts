import type { Hash, Hex } from 'viem'
import { writeContract } from 'viem/actions'
import { providerRegistryAbi } from '../abi/provider-registry.ts'
import { guarded } from '../errors.ts'
import type { WithAddresses, WriteClient } from '../interface.ts'

export interface RevealParameters extends WithAddresses {
  /** 32 bytes whose keccak256 is the tip of the caller's onion */
  preimage: Hex
}

/** Peels one layer of the caller's onion: once an epoch, in its first half. Throws `RevealClosed` after it. */
export function reveal(
  client: WriteClient,
  { addresses, preimage }: RevealParameters,
): Promise<Hash> {
  return guarded(
    writeContract(client, {
      address: addresses.registry,
      abi: providerRegistryAbi,
      functionName: 'reveal',
      args: [preimage],
    }),
  )
}
