import type { Hash } from 'viem'
import { writeContract } from 'viem/actions'
import { jobMarketAbi } from '../abi/job-market.ts'
import { guarded } from '../errors.ts'
import type { WithAddresses, WriteClient } from '../interface.ts'

export interface AllotServiceParameters extends WithAddresses {
  /** wei */
  amount: bigint
}

/** Moves free money of the caller into its service allotment, from which seats and verifiers are paid. */
export function allotService(
  client: WriteClient,
  { addresses, amount }: AllotServiceParameters,
): Promise<Hash> {
  const args = [amount] as const
  return guarded(
    writeContract(client, {
      address: addresses.market,
      abi: jobMarketAbi,
      functionName: 'allotService',
      args,
    }),
  )
}
