import type { Hash, Hex } from 'viem'
import { writeContract } from 'viem/actions'
import { signedFaultsAbi } from '../abi/signed-faults.ts'
import { guarded } from '../errors.ts'
import type { WithOversight, WriteClient } from '../interface.ts'

export interface PayOutFaultParameters extends WithOversight {
  /** as `receiptsFault` and its like name it */
  faultId: Hex
}

/** Shares out what a proved fault took, after its lock. Anybody may send it. */
export function payOutFault(
  client: WriteClient,
  { oversight, faultId }: PayOutFaultParameters,
): Promise<Hash> {
  return guarded(
    writeContract(client, {
      address: oversight.signedFaults,
      abi: signedFaultsAbi,
      functionName: 'payOut',
      args: [faultId],
    }),
  )
}
