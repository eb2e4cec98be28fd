import { keccak256, toHex, type Hash } from 'viem'
import { writeContract } from 'viem/actions'
import { duckGovernorAbi } from '../abi/duck-governor.ts'
import { guarded } from '../errors.ts'
import type { Proposal, WithGovernor, WriteClient } from '../interface.ts'

export type ExecuteProposalParameters = WithGovernor & Proposal

/** Makes the calls of a proposal that has waited in the timelock. Anybody may send it. */
export function executeProposal(
  client: WriteClient,
  { governor, calls, description }: ExecuteProposalParameters,
): Promise<Hash> {
  const targets = calls.map(({ to }) => to)
  const values = calls.map(() => 0n)
  const data = calls.map((call) => call.data)
  return guarded(
    writeContract(client, {
      address: governor,
      abi: duckGovernorAbi,
      functionName: 'execute',
      args: [targets, values, data, keccak256(toHex(description))],
    }),
  )
}
