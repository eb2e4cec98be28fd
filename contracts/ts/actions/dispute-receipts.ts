import type { Hash } from 'viem'
import { signedFaultsAbi } from '../abi/signed-faults.ts'
import { guarded } from '../errors.ts'
import type { Receipt, Signed } from '../evidence.ts'
import type { WithOversight, WriteClient } from '../interface.ts'
import { writeWithMargin } from '../write-with-margin.ts'

export interface DisputeReceiptsParameters extends WithOversight {
  first: Signed<Receipt>
  second: Signed<Receipt>
}

/** Proves that a provider signed two different receipts for one step; the caller is the reporter. */
export function disputeReceipts(
  client: WriteClient,
  { oversight, first, second }: DisputeReceiptsParameters,
): Promise<Hash> {
  return guarded(
    writeWithMargin(client, {
      address: oversight.signedFaults,
      abi: signedFaultsAbi,
      functionName: 'disputeReceipts',
      args: [first.message, first.signature, second.message, second.signature],
    }),
  )
}
