import { isAddressEqual, zeroAddress, type Address } from 'viem'
import { readContract } from '../read-contract.ts'
import { jobMarketAbi } from '../abi/job-market.ts'
import { guarded } from '../errors.ts'
import type { ReadClient, WithAddresses } from '../interface.ts'

export interface ReadSessionParameters extends WithAddresses {
  session: Address
}

/** A session key; amounts in wei, times in unix seconds. */
export interface Session {
  /** whose money it draws */
  account: Address
  /** what it may draw in all */
  cap: bigint
  /** what it has drawn in all */
  drawn: bigint
  /** from when on it draws no more */
  expiry: bigint
  /** from when on what it holds can be reclaimed after a revocation; 0n when not revoked */
  thawEnd: bigint
}

/** Reads a session key; undefined when it is nobody's. */
export async function readSession(
  client: ReadClient,
  { addresses, session }: ReadSessionParameters,
): Promise<Session | undefined> {
  const [account, cap, drawn, expiry, thawEnd] = await guarded(
    readContract(client, {
      address: addresses.market,
      abi: jobMarketAbi,
      functionName: 'sessions',
      args: [session],
    }),
  )
  if (isAddressEqual(account, zeroAddress)) return undefined
  return { account, cap, drawn, expiry, thawEnd }
}
