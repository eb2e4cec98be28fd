import type { Hash, Hex } from 'viem'
import { writeContract } from 'viem/actions'
import { jobMarketAbi } from '../abi/job-market.ts'
import { guarded } from '../errors.ts'
import type { WithAddresses, WriteClient } from '../interface.ts'
import type { Unallotment } from '../signed.ts'

export interface UnallotBySigParameters extends WithAddresses {
  unallotment: Unallotment
  /** by the owner or the operator: 65 bytes, or 64 bytes (EIP-2098) */
  signature: Hex
}

/** Gives the rest of a channel back to its payer at once, by the signature of the provider or its operator. */
export function unallotBySig(
  client: WriteClient,
  { addresses, unallotment, signature }: UnallotBySigParameters,
): Promise<Hash> {
  const args = [unallotment, signature] as const
  return guarded(
    writeContract(client, {
      address: addresses.market,
      abi: jobMarketAbi,
      functionName: 'unallotBySig',
      args,
    }),
  )
}
