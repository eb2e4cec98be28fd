import type { Hash } from 'viem'
import { signedFaultsAbi } from '../abi/signed-faults.ts'
import { guarded } from '../errors.ts'
import type { Verdict, Signed } from '../evidence.ts'
import type { WithOversight, WriteClient } from '../interface.ts'
import { writeWithMargin } from '../write-with-margin.ts'

export interface DisputeVerdictsParameters extends WithOversight {
  first: Signed<Verdict>
  second: Signed<Verdict>
}

/** Proves that a verifier signed two different verdicts on one receipt; the caller is the reporter. */
export function disputeVerdicts(
  client: WriteClient,
  { oversight, first, second }: DisputeVerdictsParameters,
): Promise<Hash> {
  return guarded(
    writeWithMargin(client, {
      address: oversight.signedFaults,
      abi: signedFaultsAbi,
      functionName: 'disputeVerdicts',
      args: [first.message, first.signature, second.message, second.signature],
    }),
  )
}
