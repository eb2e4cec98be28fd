import { zeroAddress, type Address, type Hex } from 'viem'
import { readContract } from '../read-contract.ts'
import { signedFaultsAbi } from '../abi/signed-faults.ts'
import { guarded } from '../errors.ts'
import type { ReadClient, WithOversight } from '../interface.ts'

export interface ReadFaultParameters extends WithOversight {
  /** as `receiptsFault` and its like name it */
  faultId: Hex
}

/** A fault that signatures proved. */
export interface ProvedFault {
  reporter: Address
  /** what is not shared out yet, wei */
  held: bigint
  /** from when it can be, unix seconds */
  unlockAt: number
}

const GWEI = 1_000_000_000n

/** Reads what was taken for a fault, or undefined when nobody proved it. */
export async function readFault(
  client: ReadClient,
  { oversight, faultId }: ReadFaultParameters,
): Promise<ProvedFault | undefined> {
  const { reporter, gweiHeld, unlockAt } = await guarded(
    readContract(client, {
      address: oversight.signedFaults,
      abi: signedFaultsAbi,
      functionName: 'faults',
      args: [faultId],
    }),
  )
  return reporter === zeroAddress ? undefined : { reporter, held: gweiHeld * GWEI, unlockAt }
}
