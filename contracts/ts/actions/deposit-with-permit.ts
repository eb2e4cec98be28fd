import type { Hash } from 'viem'
import { writeContract } from 'viem/actions'
import { jobMarketAbi } from '../abi/job-market.ts'
import { guarded } from '../errors.ts'
import type { WithAddresses, WriteClient } from '../interface.ts'
import { signPermit } from '../sign-permit.ts'

export interface DepositWithPermitParameters extends WithAddresses {
  /** wei */
  amount: bigint
  /** unix seconds until which the permit can be used */
  deadline: bigint
}

/** Signs an ERC-2612 permit and deposits into the caller's own account in one transaction, with no approval. */
export async function depositWithPermit(
  client: WriteClient,
  { addresses, amount, deadline }: DepositWithPermitParameters,
): Promise<Hash> {
  const permit = { addresses, spender: addresses.market, amount, deadline }
  const { v, r, s } = await signPermit(client, permit)
  return guarded(
    writeContract(client, {
      address: addresses.market,
      abi: jobMarketAbi,
      functionName: 'depositWithPermit',
      args: [amount, deadline, v, r, s],
    }),
  )
}
