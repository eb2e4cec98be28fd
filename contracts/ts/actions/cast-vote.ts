import type { Hash } from 'viem'
import { writeContract } from 'viem/actions'
import { duckGovernorAbi } from '../abi/duck-governor.ts'
import { guarded } from '../errors.ts'
import type { WithGovernor, WriteClient } from '../interface.ts'

const VOTES = ['against', 'for', 'abstain'] as const

export interface CastVoteParameters extends WithGovernor {
  /** as `proposalIdOf` names it */
  proposalId: bigint
  vote: (typeof VOTES)[number]
}

/** Votes with the caller's stake at the proposal's snapshot. */
export function castVote(
  client: WriteClient,
  { governor, proposalId, vote }: CastVoteParameters,
): Promise<Hash> {
  return guarded(
    writeContract(client, {
      address: governor,
      abi: duckGovernorAbi,
      functionName: 'castVote',
      args: [proposalId, VOTES.indexOf(vote)],
    }),
  )
}
