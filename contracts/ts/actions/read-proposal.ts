import { encodeAbiParameters, keccak256, toHex } from 'viem'
import { readContract } from '../read-contract.ts'
import { duckGovernorAbi } from '../abi/duck-governor.ts'
import { guarded } from '../errors.ts'
import type { Proposal, ReadClient, WithGovernor } from '../interface.ts'

const STATES = [
  'pending',
  'active',
  'canceled',
  'defeated',
  'succeeded',
  'queued',
  'expired',
  'executed',
] as const

export interface ReadProposalParameters extends WithGovernor {
  proposalId: bigint
}

/** Where a proposal stands; times in unix seconds. */
export interface ProposalView {
  state: (typeof STATES)[number] | undefined
  /** the second whose stakes vote */
  snapshot: bigint
  /** until when votes are taken */
  deadline: bigint
  /** from when it can be executed, zero until it is queued */
  eta: bigint
}

const parameters = [
  { type: 'address[]' },
  { type: 'uint256[]' },
  { type: 'bytes[]' },
  { type: 'bytes32' },
] as const

/** The name that the governor gives to a proposal. */
export function proposalIdOf({ calls, description }: Proposal): bigint {
  const encoded = encodeAbiParameters(parameters, [
    calls.map(({ to }) => to),
    calls.map(() => 0n),
    calls.map(({ data }) => data),
    keccak256(toHex(description)),
  ])
  return BigInt(keccak256(encoded))
}

/** Reads where a proposal stands. Throws `GovernorNonexistentProposal` when there is none. */
export async function readProposal(
  client: ReadClient,
  { governor, proposalId }: ReadProposalParameters,
): Promise<ProposalView> {
  const of = { address: governor, abi: duckGovernorAbi, args: [proposalId] } as const
  const [state, snapshot, deadline, eta] = await guarded(
    Promise.all([
      readContract(client, { ...of, functionName: 'state' }),
      readContract(client, { ...of, functionName: 'proposalSnapshot' }),
      readContract(client, { ...of, functionName: 'proposalDeadline' }),
      readContract(client, { ...of, functionName: 'proposalEta' }),
    ]),
  )
  return { state: STATES[state], snapshot, deadline, eta }
}
