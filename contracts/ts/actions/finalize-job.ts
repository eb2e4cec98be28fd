import type { Hash, Hex } from 'viem'
import { writeContract } from 'viem/actions'
import { jobMarketAbi } from '../abi/job-market.ts'
import { guarded } from '../errors.ts'
import type { WithAddresses, WriteClient } from '../interface.ts'
import type { Voucher } from '../signed.ts'

export interface FinalizeJobParameters extends WithAddresses {
  voucher: Voucher
  /** by the payer: 65 bytes, or 64 bytes (EIP-2098) */
  signature: Hex
}

/** Redeems one voucher for its provider. Anybody may send it. */
export function finalizeJob(
  client: WriteClient,
  { addresses, voucher, signature }: FinalizeJobParameters,
): Promise<Hash> {
  const args = [voucher, signature] as const
  return guarded(
    writeContract(client, {
      address: addresses.market,
      abi: jobMarketAbi,
      functionName: 'finalizeJob',
      args,
    }),
  )
}
