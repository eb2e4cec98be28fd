import { type Hash } from 'viem'
import { writeContract } from 'viem/actions'
import { duckGovernorAbi } from '../abi/duck-governor.ts'
import { guarded } from '../errors.ts'
import type { Proposal, WithGovernor, WriteClient } from '../interface.ts'

export type ProposeParameters = WithGovernor & Proposal

/** Proposes calls that the timelock will make. The caller needs the threshold in stake. */
export function propose(
  client: WriteClient,
  { governor, calls, description }: ProposeParameters,
): Promise<Hash> {
  const targets = calls.map(({ to }) => to)
  const values = calls.map(() => 0n)
  const data = calls.map((call) => call.data)
  return guarded(
    writeContract(client, {
      address: governor,
      abi: duckGovernorAbi,
      functionName: 'propose',
      args: [targets, values, data, description],
    }),
  )
}
