import type { Address } from 'viem'
import { lightReadsAbi } from '../abi/light-reads.ts'
import { guarded } from '../errors.ts'
import type { ReadClient } from '../interface.ts'
import { readContract } from '../read-contract.ts'

/** The registry that a market was deployed with. */
export function registryOf(client: ReadClient, market: Address): Promise<Address> {
  return guarded(
    readContract(client, { address: market, abi: lightReadsAbi, functionName: 'registry' }),
  )
}
