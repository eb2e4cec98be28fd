import type { Address, Hash } from 'viem'
import { writeContract } from 'viem/actions'
import { jobMarketAbi } from '../abi/job-market.ts'
import { guarded } from '../errors.ts'
import type { WithAddresses, WriteClient } from '../interface.ts'

export interface StartRevokeSessionParameters extends WithAddresses {
  /** a key of the caller */
  session: Address
}

/** Stops a session key of the caller from drawing, at once. */
export function startRevokeSession(
  client: WriteClient,
  { addresses, session }: StartRevokeSessionParameters,
): Promise<Hash> {
  const args = [session] as const
  return guarded(
    writeContract(client, {
      address: addresses.market,
      abi: jobMarketAbi,
      functionName: 'startRevokeSession',
      args,
    }),
  )
}
