import type { Address, Hex } from 'viem'
import { readContract } from '../read-contract.ts'
import { refereesAbi } from '../abi/referees.ts'
import { guarded } from '../errors.ts'
import type { ReadClient, WithOversight } from '../interface.ts'

export interface ReadCommitteeParameters extends WithOversight {
  disputeId: Hex
}

/** Reads the operators of the referees of a dispute, by seat. It may change until the draw ends. */
export function readCommittee(
  client: ReadClient,
  { oversight, disputeId }: ReadCommitteeParameters,
): Promise<readonly Address[]> {
  return guarded(
    readContract(client, {
      address: oversight.referees,
      abi: refereesAbi,
      functionName: 'committeeOf',
      args: [disputeId],
    }),
  )
}
