import type { Address, Hash } from 'viem'
import { writeContract } from 'viem/actions'
import { jobMarketAbi } from '../abi/job-market.ts'
import { guarded } from '../errors.ts'
import type { WithAddresses, WriteClient } from '../interface.ts'
import { packVouchers, type SignedVoucher } from '../pack-vouchers.ts'

export interface FinalizeServiceParameters extends WithAddresses {
  /** the owner address of the seat, verifier or referee that is paid */
  provider: Address
  /** 1 to `MAX_BATCH`, signed as `ServiceVoucher`, one per payer: only the highest of a payer pays */
  vouchers: readonly SignedVoucher[]
}

/**
 * Redeems service vouchers of several payers for one registered owner. Anybody may send it. A voucher that cannot be
 * redeemed is skipped: `parseRedemption` of the receipt says which and why.
 */
export async function finalizeService(
  client: WriteClient,
  { addresses, provider, vouchers }: FinalizeServiceParameters,
): Promise<Hash> {
  return guarded(
    writeContract(client, {
      address: addresses.market,
      abi: jobMarketAbi,
      functionName: 'finalizeService',
      args: [provider, packVouchers(vouchers)],
    }),
  )
}
