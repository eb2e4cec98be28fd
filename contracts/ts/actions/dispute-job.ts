import type { Hash } from 'viem'
import { writeContract } from 'viem/actions'
import { jobDisputesAbi } from '../abi/job-disputes.ts'
import { guarded } from '../errors.ts'
import type { JobOrder, Receipt, Signed } from '../evidence.ts'
import type { WithOversight, WriteClient } from '../interface.ts'

export interface DisputeJobParameters extends WithOversight {
  receipt: Signed<Receipt>
  /** what the client ordered: its digest is the receipt's job */
  order: JobOrder
  /** for people, at most 256 bytes */
  reason: string
}

/**
 * Accuses a provider of a wrong result. Only the payer of the order, or the account whose session key that is. Takes
 * the bond: approve `oversight.disputes` first. `parseDispute` reads the id from the transaction.
 */
export function disputeJob(
  client: WriteClient,
  { oversight, receipt, order, reason }: DisputeJobParameters,
): Promise<Hash> {
  return guarded(
    writeContract(client, {
      address: oversight.disputes,
      abi: jobDisputesAbi,
      functionName: 'disputeJob',
      args: [receipt.message, receipt.signature, order, reason],
    }),
  )
}
