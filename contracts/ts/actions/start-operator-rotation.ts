import type { Address, Hash } from 'viem'
import { writeContract } from 'viem/actions'
import { providerRegistryAbi } from '../abi/provider-registry.ts'
import { guarded } from '../errors.ts'
import type { WithAddresses, WriteClient } from '../interface.ts'

export interface StartOperatorRotationParameters extends WithAddresses {
  /** the next key, never used by any provider */
  operator: Address
}

/** Announces that another key will sign for the caller. It may take over after the escrow thaw. */
export function startOperatorRotation(
  client: WriteClient,
  { addresses, operator }: StartOperatorRotationParameters,
): Promise<Hash> {
  return guarded(
    writeContract(client, {
      address: addresses.registry,
      abi: providerRegistryAbi,
      functionName: 'startOperatorRotation',
      args: [operator],
    }),
  )
}
