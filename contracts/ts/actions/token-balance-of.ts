import type { Address } from 'viem'
import { readContract } from '../read-contract.ts'
import { lightReadsAbi } from '../abi/light-reads.ts'
import { guarded } from '../errors.ts'
import type { ReadClient, WithAddresses } from '../interface.ts'

export interface TokenBalanceOfParameters extends WithAddresses {
  holder: Address
}

/** How much DUCK a wallet holds, wei. What it deposited, staked or earned is not in it. */
export function tokenBalanceOf(
  client: ReadClient,
  { addresses, holder }: TokenBalanceOfParameters,
): Promise<bigint> {
  return guarded(
    readContract(client, {
      address: addresses.token,
      abi: lightReadsAbi,
      functionName: 'balanceOf',
      args: [holder],
    }),
  )
}
