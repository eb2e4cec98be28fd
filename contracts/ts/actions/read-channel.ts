import type { Address } from 'viem'
import { readContract } from '../read-contract.ts'
import { lightReadsAbi } from '../abi/light-reads.ts'
import { guarded } from '../errors.ts'
import type { ReadClient, WithAddresses } from '../interface.ts'

export interface ReadChannelParameters extends WithAddresses {
  payer: Address
  /** the provider's owner address */
  provider: Address
}

/** The channel of a payer with a provider; amounts in wei. */
export interface Channel {
  /** running total: the highest voucher that can be redeemed */
  allotted: bigint
  /** running total: the highest voucher redeemed */
  redeemed: bigint
  /** what is on its way back to the payer */
  thawing: bigint
  /** from when that may go, unix seconds; 0n when nothing thaws */
  thawEnd: bigint
  /** what the provider may count on: allotted - redeemed - thawing */
  capacity: bigint
}

/** Reads one channel whole. */
export async function readChannel(
  client: ReadClient,
  { addresses, payer, provider }: ReadChannelParameters,
): Promise<Channel> {
  const [allotted, redeemed, thawing, thawEnd] = await guarded(
    readContract(client, {
      address: addresses.market,
      abi: lightReadsAbi,
      functionName: 'channels',
      args: [payer, provider],
    }),
  )
  return { allotted, redeemed, thawing, thawEnd, capacity: allotted - redeemed - thawing }
}
