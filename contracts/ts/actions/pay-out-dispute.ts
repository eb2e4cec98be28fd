import type { Hash, Hex } from 'viem'
import { writeContract } from 'viem/actions'
import { jobDisputesAbi } from '../abi/job-disputes.ts'
import { guarded } from '../errors.ts'
import type { WithOversight, WriteClient } from '../interface.ts'

export interface PayOutDisputeParameters extends WithOversight {
  disputeId: Hex
}

/** Shares out what a dispute took, after its lock. Anybody may send it. */
export function payOutDispute(
  client: WriteClient,
  { oversight, disputeId }: PayOutDisputeParameters,
): Promise<Hash> {
  return guarded(
    writeContract(client, {
      address: oversight.disputes,
      abi: jobDisputesAbi,
      functionName: 'payOut',
      args: [disputeId],
    }),
  )
}
