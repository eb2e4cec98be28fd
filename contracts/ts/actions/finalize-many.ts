import type { Address, Hash, Hex } from 'viem'
import { writeContract } from 'viem/actions'
import { jobMarketAbi } from '../abi/job-market.ts'
import { guarded } from '../errors.ts'
import type { WithAddresses, WriteClient } from '../interface.ts'
import { packVouchers, type SignedVoucher } from '../pack-vouchers.ts'
import type { RedeemPermit } from '../signed.ts'

/** The vouchers of one provider, and what it signed to give the sender for redeeming them. */
export interface RedeemGroup {
  /** the provider's owner address */
  provider: Address
  /** 1 to `MAX_BATCH` over all groups */
  vouchers: readonly SignedVoucher[]
  /** the provider's `RedeemPermit` for the sender; without one nothing is taken */
  fee?: {
    /** hundredths of a per cent of what is redeemed, at most `MAX_FEE_BPS` */
    bps: number
    nonce: bigint
    /** unix seconds */
    deadline: bigint
    /** by the provider or its operator: 65 bytes, or 64 bytes (EIP-2098) */
    signature: Hex
  }
}

export interface FinalizeManyParameters extends WithAddresses {
  /** 1 to `MAX_GROUPS` */
  groups: readonly RedeemGroup[]
}

/**
 * Redeems vouchers of several providers in one transaction. A group whose permit is not good is skipped whole, a
 * voucher that cannot be redeemed alone: `parseRedemption` of the receipt says which and why.
 */
export async function finalizeMany(
  client: WriteClient,
  { addresses, groups }: FinalizeManyParameters,
): Promise<Hash> {
  return guarded(
    writeContract(client, {
      address: addresses.market,
      abi: jobMarketAbi,
      functionName: 'finalizeMany',
      args: [groups.map((group) => encodeGroup(group, client.account.address))],
    }),
  )
}

const NO_FEE = { bps: 0, nonce: 0n, deadline: 0n, signature: '0x' } as const

function encodeGroup(
  { provider, vouchers, fee = NO_FEE }: RedeemGroup,
  relayer: Address,
): { permit: RedeemPermit; signature: Hex; packed: Hex } {
  const { bps, nonce, deadline, signature } = fee
  const permit = { provider, relayer, feeBps: bps, nonce, deadline }
  return { permit, signature, packed: packVouchers(vouchers) }
}
