import type { Address, Hash, Hex } from 'viem'
import { writeContract } from 'viem/actions'
import { refereesAbi } from '../abi/referees.ts'
import { guarded } from '../errors.ts'
import type { WithOversight, WriteClient } from '../interface.ts'

export interface EnterRefereesParameters extends WithOversight {
  disputeId: Hex
  /** owner addresses, at most 31; those with the lowest scores sit */
  owners: readonly Address[]
}

/** Enters candidates into the draw of a dispute, while it lasts. Anybody may send it. */
export function enterReferees(
  client: WriteClient,
  { oversight, disputeId, owners }: EnterRefereesParameters,
): Promise<Hash> {
  return guarded(
    writeContract(client, {
      address: oversight.referees,
      abi: refereesAbi,
      functionName: 'enterReferees',
      args: [disputeId, owners],
    }),
  )
}
