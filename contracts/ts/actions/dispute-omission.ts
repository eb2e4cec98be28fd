import type { Hash, Hex } from 'viem'
import { signedFaultsAbi } from '../abi/signed-faults.ts'
import { guarded } from '../errors.ts'
import type { BidAck, Match, Signed } from '../evidence.ts'
import type { WithOversight, WriteClient } from '../interface.ts'
import { writeWithMargin } from '../write-with-margin.ts'

export interface DisputeOmissionParameters extends WithOversight {
  match: Signed<Match>
  ack: Signed<BidAck>
  /** all commitments of the match, ascending, at most 64 */
  commits: readonly Hex[]
}

/** Proves that a seat left an acknowledged bid out of its match; the caller is the reporter. */
export function disputeOmission(
  client: WriteClient,
  { oversight, match, ack, commits }: DisputeOmissionParameters,
): Promise<Hash> {
  return guarded(
    writeWithMargin(client, {
      address: oversight.signedFaults,
      abi: signedFaultsAbi,
      functionName: 'disputeOmission',
      args: [match.message, match.signature, ack.message, ack.signature, commits],
    }),
  )
}
