import type { Address, Hash } from 'viem'
import { writeContract } from 'viem/actions'
import { providerRegistryAbi } from '../abi/provider-registry.ts'
import { guarded } from '../errors.ts'
import type { WithAddresses, WriteClient } from '../interface.ts'

export interface WithdrawStakeParameters extends WithAddresses {
  /** who gets the money */
  to: Address
}

/** Sends the caller's thawing stake to `to`, once the unbonding time is over. */
export function withdrawStake(
  client: WriteClient,
  { addresses, to }: WithdrawStakeParameters,
): Promise<Hash> {
  const args = [to] as const
  return guarded(
    writeContract(client, {
      address: addresses.registry,
      abi: providerRegistryAbi,
      functionName: 'withdrawStake',
      args,
    }),
  )
}
