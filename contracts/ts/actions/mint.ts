import type { Address, Hash } from 'viem'
import { writeContract } from 'viem/actions'
import { duckTokenAbi } from '../abi/duck-token.ts'
import { guarded } from '../errors.ts'
import type { WithAddresses, WriteClient } from '../interface.ts'

export interface MintParameters extends WithAddresses {
  to: Address
  /** wei */
  amount: bigint
}

/** Creates DUCK. Only the owner of the token. */
export function mint(
  client: WriteClient,
  { addresses, to, amount }: MintParameters,
): Promise<Hash> {
  const args = [to, amount] as const
  return guarded(
    writeContract(client, {
      address: addresses.token,
      abi: duckTokenAbi,
      functionName: 'mint',
      args,
    }),
  )
}
