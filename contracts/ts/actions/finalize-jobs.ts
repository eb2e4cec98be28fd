import type { Address, Hash } from 'viem'
import { writeContract } from 'viem/actions'
import { jobMarketAbi } from '../abi/job-market.ts'
import { guarded } from '../errors.ts'
import type { WithAddresses, WriteClient } from '../interface.ts'
import { packVouchers, type SignedVoucher } from '../pack-vouchers.ts'

export interface FinalizeJobsParameters extends WithAddresses {
  /** the provider's owner address */
  provider: Address
  /** 1 to `MAX_BATCH`, one per payer: only the highest of a payer pays */
  vouchers: readonly SignedVoucher[]
}

/**
 * Redeems vouchers of several payers for one provider in one transaction. Anybody may send it. A voucher that
 * cannot be redeemed is skipped: `parseRedemption` of the receipt says which and why.
 */
export async function finalizeJobs(
  client: WriteClient,
  { addresses, provider, vouchers }: FinalizeJobsParameters,
): Promise<Hash> {
  return guarded(
    writeContract(client, {
      address: addresses.market,
      abi: jobMarketAbi,
      functionName: 'finalizeJobs',
      args: [provider, packVouchers(vouchers)],
    }),
  )
}
