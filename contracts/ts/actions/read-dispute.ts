import type { Address, Hex } from 'viem'
import { readContract } from '../read-contract.ts'
import { jobDisputesAbi } from '../abi/job-disputes.ts'
import { refereesAbi } from '../abi/referees.ts'
import { guarded } from '../errors.ts'
import type { ReadClient, WithOversight } from '../interface.ts'

export interface ReadDisputeParameters extends WithOversight {
  disputeId: Hex
}

const STATES = ['none', 'open', 'slashed', 'closed'] as const

/** Where one accusation stands; amounts in wei, times in unix seconds. */
export interface Dispute {
  state: (typeof STATES)[number]
  provider: Address
  /** the client */
  challenger: Address
  modelId: Hex
  receiptHash: Hex
  faultId: Hex
  /** what the provider will lose, or lost */
  amount: bigint
  bond: bigint
  price: bigint
  openedAt: number
  /** from when until when candidates can be entered */
  drawAt: number
  drawEnd: number
  /** until when rulings are taken; of a slashed one, when it can be paid out */
  deadline: number
  committee: number
  quorum: number
  /** seats that are taken */
  seated: number
}

/** Reads a dispute, or undefined when there is none. */
export async function readDispute(
  client: ReadClient,
  { oversight, disputeId }: ReadDisputeParameters,
): Promise<Dispute | undefined> {
  const ofReferees = { address: oversight.referees, abi: refereesAbi, args: [disputeId] } as const
  const [found, drawEnd, seated] = await guarded(
    Promise.all([
      readContract(client, {
        address: oversight.disputes,
        abi: jobDisputesAbi,
        functionName: 'disputes',
        args: [disputeId],
      }),
      readContract(client, { ...ofReferees, functionName: 'drawEndOf' }),
      readContract(client, { ...ofReferees, functionName: 'seated' }),
    ]),
  )
  const { state: number, frozen: _, ...rest } = found
  const state = STATES[number] ?? 'none'
  if (state === 'none') return undefined
  return { ...rest, state, drawEnd: Number(drawEnd), seated: Number(seated) }
}
