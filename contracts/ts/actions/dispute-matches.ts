import type { Hash } from 'viem'
import { writeContract } from 'viem/actions'
import { signedFaultsAbi } from '../abi/signed-faults.ts'
import { guarded } from '../errors.ts'
import type { Match, Signed } from '../evidence.ts'
import type { WithOversight, WriteClient } from '../interface.ts'

export interface DisputeMatchesParameters extends WithOversight {
  first: Signed<Match>
  second: Signed<Match>
}

/** Proves that a seat signed two different matches for one attempt; the caller is the reporter. */
export function disputeMatches(
  client: WriteClient,
  { oversight, first, second }: DisputeMatchesParameters,
): Promise<Hash> {
  return guarded(
    writeContract(client, {
      address: oversight.signedFaults,
      abi: signedFaultsAbi,
      functionName: 'disputeMatches',
      args: [first.message, first.signature, second.message, second.signature],
    }),
  )
}
