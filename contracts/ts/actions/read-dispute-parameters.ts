import { readContract } from '../read-contract.ts'
import { jobDisputesAbi } from '../abi/job-disputes.ts'
import { guarded } from '../errors.ts'
import type { DisputeParameters, ReadClient, WithOversight } from '../interface.ts'

/** Reads what governance has set for disputes. */
export function readDisputeParameters(
  client: ReadClient,
  { oversight }: WithOversight,
): Promise<DisputeParameters> {
  return guarded(
    readContract(client, {
      address: oversight.disputes,
      abi: jobDisputesAbi,
      functionName: 'parameters',
    }),
  )
}
