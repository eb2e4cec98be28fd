import type { Hash, Hex } from 'viem'
import { writeContract } from 'viem/actions'
import { jobDisputesAbi } from '../abi/job-disputes.ts'
import { guarded } from '../errors.ts'
import type { WithOversight, WriteClient } from '../interface.ts'

export interface ExpireDisputeParameters extends WithOversight {
  disputeId: Hex
}

/** Ends a dispute that found no quorum in time; the bond goes back. Anybody may send it. */
export function expireDispute(
  client: WriteClient,
  { oversight, disputeId }: ExpireDisputeParameters,
): Promise<Hash> {
  return guarded(
    writeContract(client, {
      address: oversight.disputes,
      abi: jobDisputesAbi,
      functionName: 'expireDispute',
      args: [disputeId],
    }),
  )
}
