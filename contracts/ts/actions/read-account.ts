import type { Address } from 'viem'
import { readContract } from '../read-contract.ts'
import { lightReadsAbi } from '../abi/light-reads.ts'
import { guarded } from '../errors.ts'
import type { ReadClient, WithAddresses } from '../interface.ts'

export interface ReadAccountParameters extends WithAddresses {
  payer: Address
}

/** The account of a payer; amounts in wei. */
export interface EscrowAccount {
  /** what can be allotted */
  free: bigint
  /** what is on its way out */
  thawing: bigint
  /** from when that may leave, unix seconds; 0n when nothing thaws */
  thawEnd: bigint
}

/** Reads what a payer has deposited and not allotted. */
export async function readAccount(
  client: ReadClient,
  { addresses, payer }: ReadAccountParameters,
): Promise<EscrowAccount> {
  const [free, thawing, thawEnd] = await guarded(
    readContract(client, {
      address: addresses.market,
      abi: lightReadsAbi,
      functionName: 'accounts',
      args: [payer],
    }),
  )
  return { free, thawing, thawEnd }
}
