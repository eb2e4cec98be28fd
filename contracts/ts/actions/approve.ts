import type { Address, Hash } from 'viem'
import { writeContract } from 'viem/actions'
import { duckTokenAbi } from '../abi/duck-token.ts'
import { guarded } from '../errors.ts'
import type { WithAddresses, WriteClient } from '../interface.ts'

export interface ApproveParameters extends WithAddresses {
  spender: Address
  /** wei */
  amount: bigint
}

/** Lets `spender` (the market or the registry) move up to `amount` of the caller's DUCK. */
export function approve(
  client: WriteClient,
  { addresses, spender, amount }: ApproveParameters,
): Promise<Hash> {
  const args = [spender, amount] as const
  return guarded(
    writeContract(client, {
      address: addresses.token,
      abi: duckTokenAbi,
      functionName: 'approve',
      args,
    }),
  )
}
