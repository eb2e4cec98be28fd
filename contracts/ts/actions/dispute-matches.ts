import type { Hash } from 'viem'
import { signedFaultsAbi } from '../abi/signed-faults.ts'
import { guarded } from '../errors.ts'
import type { Match, Signed } from '../evidence.ts'
import type { WithOversight, WriteClient } from '../interface.ts'
import { writeWithMargin } from '../write-with-margin.ts'

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
    writeWithMargin(client, {
      address: oversight.signedFaults,
      abi: signedFaultsAbi,
      functionName: 'disputeMatches',
      args: [first.message, first.signature, second.message, second.signature],
    }),
  )
}
