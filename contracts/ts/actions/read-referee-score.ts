import type { Address, Hex } from 'viem'
import { readContract } from '../read-contract.ts'
import { refereesAbi } from '../abi/referees.ts'
import { guarded } from '../errors.ts'
import type { ReadClient, WithOversight } from '../interface.ts'

export interface ReadRefereeScoreParameters extends WithOversight {
  disputeId: Hex
  /** the candidate's owner address */
  owner: Address
}

/**
 * Reads how good a candidate for a dispute is: the lowest scores sit. Throws `NotEligible` for a party, and for an
 * owner without weight or not serving the model; `SeedNotFixed` before the draw.
 */
export function readRefereeScore(
  client: ReadClient,
  { oversight, disputeId, owner }: ReadRefereeScoreParameters,
): Promise<bigint> {
  return guarded(
    readContract(client, {
      address: oversight.referees,
      abi: refereesAbi,
      functionName: 'scoreOf',
      args: [disputeId, owner],
    }),
  )
}
