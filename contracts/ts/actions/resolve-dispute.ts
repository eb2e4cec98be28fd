import { sliceHex, type Address, type Hash, type Hex } from 'viem'
import { jobDisputesAbi } from '../abi/job-disputes.ts'
import { guarded } from '../errors.ts'
import type { WithOversight, WriteClient } from '../interface.ts'
import { OUTCOMES, type Outcome } from '../outcome.ts'
import { toCompactSignature } from '../pack-vouchers.ts'
import { writeWithMargin } from '../write-with-margin.ts'

/** The signature of one referee over Ruling(disputeId, referee, outcome, refereeRoot). */
export interface SignedRuling {
  /** place of the referee's key in `readCommittee` */
  seat: number
  /** the referee's owner address */
  referee: Address
  /** 65 bytes, or 64 as in EIP-2098 */
  signature: Hex
}

export interface ResolveDisputeParameters extends WithOversight {
  disputeId: Hex
  outcome: Outcome
  refereeRoot: Hex
  /** at least a quorum, all on this outcome and root, in any order */
  rulings: readonly SignedRuling[]
}

/** Ends a dispute by the rulings of a quorum of its referees. Anybody may send it. */
export async function resolveDispute(
  client: WriteClient,
  { oversight, disputeId, outcome, refereeRoot, rulings }: ResolveDisputeParameters,
): Promise<Hash> {
  const seats = [...rulings].sort((a, b) => a.seat - b.seat).map(toSignedSeat)
  return guarded(
    writeWithMargin(client, {
      address: oversight.disputes,
      abi: jobDisputesAbi,
      functionName: 'resolveDispute',
      args: [disputeId, OUTCOMES.indexOf(outcome), refereeRoot, seats],
    }),
  )
}

function toSignedSeat({ seat, referee, signature }: SignedRuling): {
  seat: number
  referee: Address
  r: Hex
  vs: Hex
} {
  const compact = toCompactSignature(signature)
  return { seat, referee, r: sliceHex(compact, 0, 32), vs: sliceHex(compact, 32, 64) }
}
