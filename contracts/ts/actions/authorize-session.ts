import type { Address, Hash, Hex } from 'viem'
import { writeContract } from 'viem/actions'
import { jobMarketAbi } from '../abi/job-market.ts'
import { guarded } from '../errors.ts'
import type { WithAddresses, WriteClient } from '../interface.ts'

export interface AuthorizeSessionParameters extends WithAddresses {
  /** a key of the caller */
  session: Address
  /** what it may draw in all, wei */
  cap: bigint
  /** from when on it draws no more, unix seconds */
  expiry: bigint
  /** the `SessionGrant`, signed by the session key: 65 bytes, or 64 bytes (EIP-2098) */
  proof: Hex
}

/** Lets a session key spend up to `cap` of the caller, or sets cap and expiry of such a key anew. */
export function authorizeSession(
  client: WriteClient,
  { addresses, session, cap, expiry, proof }: AuthorizeSessionParameters,
): Promise<Hash> {
  const args = [session, cap, expiry, proof] as const
  return guarded(
    writeContract(client, {
      address: addresses.market,
      abi: jobMarketAbi,
      functionName: 'authorizeSession',
      args,
    }),
  )
}
