import type { Address } from 'viem'
import { readContract } from '../read-contract.ts'
import { lightReadsAbi } from '../abi/light-reads.ts'
import { guarded } from '../errors.ts'
import type { ReadClient, WithAddresses } from '../interface.ts'

export interface ReadServiceParameters extends WithAddresses {
  payer: Address
  /** the owner address of who serves; without it `redeemedBy` is 0n */
  provider?: Address
}

/** The service allotment of a payer, from which its seats, verifiers and referees are paid; amounts in wei. */
export interface ServiceAllotment {
  /** running total: the most that all vouchers together can redeem */
  allotted: bigint
  /** running total over all who serve */
  redeemed: bigint
  /** what is on its way back to the payer */
  thawing: bigint
  /** from when that may go, unix seconds; 0n when nothing thaws */
  thawEnd: bigint
  /** what those who serve may count on together: allotted - redeemed - thawing */
  capacity: bigint
  /** the highest cumulative voucher that `provider` redeemed */
  redeemedBy: bigint
}

/** Reads the service allotment of a payer, and how much of it one provider redeemed. */
export async function readService(
  client: ReadClient,
  { addresses, payer, provider }: ReadServiceParameters,
): Promise<ServiceAllotment> {
  const market = { address: addresses.market, abi: lightReadsAbi } as const
  const [[allotted, redeemed, thawing, thawEnd], redeemedBy] = await guarded(
    Promise.all([
      readContract(client, { ...market, functionName: 'service', args: [payer] }),
      provider === undefined
        ? 0n
        : readContract(client, {
            ...market,
            functionName: 'redeemedService',
            args: [payer, provider],
          }),
    ]),
  )
  const capacity = allotted - redeemed - thawing
  return { allotted, redeemed, thawing, thawEnd, capacity, redeemedBy }
}
