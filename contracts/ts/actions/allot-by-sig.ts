import type { Hash, Hex } from 'viem'
import { writeContract } from 'viem/actions'
import { jobMarketAbi } from '../abi/job-market.ts'
import { guarded } from '../errors.ts'
import type { WithAddresses, WriteClient } from '../interface.ts'
import type { Allotment } from '../signed.ts'

export interface AllotBySigParameters extends WithAddresses {
  allotment: Allotment
  /** by the payer: 65 bytes, or 64 bytes (EIP-2098) */
  signature: Hex
}

/** Submits an allotment that its payer signed. Anybody may send it. */
export function allotBySig(
  client: WriteClient,
  { addresses, allotment, signature }: AllotBySigParameters,
): Promise<Hash> {
  const args = [allotment, signature] as const
  return guarded(
    writeContract(client, {
      address: addresses.market,
      abi: jobMarketAbi,
      functionName: 'allotBySig',
      args,
    }),
  )
}
