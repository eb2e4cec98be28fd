import { zeroAddress, type Address } from 'viem'
import { readContract } from '../read-contract.ts'
import { lightReadsAbi } from '../abi/light-reads.ts'
import { guarded } from '../errors.ts'
import type { ReadClient, WithAddresses } from '../interface.ts'

export interface ProviderOfParameters extends WithAddresses {
  operator: Address
}

/** For which provider (owner address) an operator signs, or undefined for none. */
export async function providerOf(
  client: ReadClient,
  { addresses, operator }: ProviderOfParameters,
): Promise<Address | undefined> {
  const found = await guarded(
    readContract(client, {
      address: addresses.registry,
      abi: lightReadsAbi,
      functionName: 'providerOf',
      args: [operator],
    }),
  )
  return found === zeroAddress ? undefined : found
}
