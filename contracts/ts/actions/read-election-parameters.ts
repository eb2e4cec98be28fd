import { readContract } from '../read-contract.ts'
import { lightReadsAbi } from '../abi/light-reads.ts'
import { guarded } from '../errors.ts'
import type { ReadClient, WithAddresses } from '../interface.ts'

/** The clock of the election, seconds. Neither ever changes after the deployment. */
export interface ElectionParameters {
  /** how long weights and seed stand; epoch = floor(unix time / epoch) */
  epoch: bigint
  /** how long seats stand; turn = floor((unix time mod epoch) / turn) */
  turn: bigint
}

/** Reads how long an epoch and a turn are. */
export async function readElectionParameters(
  client: ReadClient,
  { addresses }: WithAddresses,
): Promise<ElectionParameters> {
  const { epoch, turn } = await guarded(
    readContract(client, {
      address: addresses.registry,
      abi: lightReadsAbi,
      functionName: 'durations',
    }),
  )
  return { epoch, turn }
}
