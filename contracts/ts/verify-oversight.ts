import { isAddressEqual, type Address, type Hex } from 'viem'
import { readContract } from 'viem/actions'
import { duckGovernorAbi } from './abi/duck-governor.ts'
import { duckTimelockAbi } from './abi/duck-timelock.ts'
import { jobDisputesAbi } from './abi/job-disputes.ts'
import { refereesAbi } from './abi/referees.ts'
import { signedFaultsAbi } from './abi/signed-faults.ts'
import { readDisputeParameters } from './actions/read-dispute-parameters.ts'
import type { DeployedOversight } from './deploy-oversight.ts'
import { guarded } from './errors.ts'
import type { Addresses, DeployParameters, DisputeParameters, ReadClient } from './interface.ts'
import { PUBLIC_DISPUTES, PUBLIC_VOTING } from './parameters.ts'

export interface VerifyOversightParameters {
  addresses: Addresses
  oversight: DeployedOversight
  parameters: DeployParameters
  deployer: Address
}

/** Reads the wiring of disputes and governance back: each thing by its name, with whether it is as it should be. */
export async function verifyOversight(
  client: ReadClient,
  { addresses, oversight, parameters, deployer }: VerifyOversightParameters,
): Promise<[what: string, holds: boolean][]> {
  const { registry } = addresses
  const { disputes, timelock } = oversight
  const [links, found, roles, voting] = await guarded(
    Promise.all([
      readLinks(client, oversight),
      readDisputeParameters(client, { oversight }),
      readRoles(client, oversight, deployer),
      readVoting(client, oversight),
    ]),
  )
  const wanted = parameters.voting ?? PUBLIC_VOTING
  return [
    ['the registry of the disputes', isAddressEqual(links.registry, registry)],
    ['the disputes of the signed faults', isAddressEqual(links.ofFaults, disputes)],
    ['the disputes of the referees', isAddressEqual(links.ofReferees, disputes)],
    ['the timelock of the governor', isAddressEqual(links.timelock, timelock)],
    ['the parameters of disputes', same(found, parameters.disputeParameters ?? PUBLIC_DISPUTES)],
    ['the proposer of the timelock', roles.governorProposes],
    ['the administrator of the timelock', !roles.deployerRules],
    ['the delay of the timelock', roles.delay === wanted.timelock],
    ['the delay of votes', voting.delay === BigInt(wanted.delay)],
    ['the period of votes', voting.period === BigInt(wanted.period)],
    ['the threshold of proposals', voting.threshold === wanted.threshold],
  ]
}

async function readLinks(
  client: ReadClient,
  { disputes, signedFaults, referees, governor }: DeployedOversight,
): Promise<Record<'registry' | 'ofFaults' | 'ofReferees' | 'timelock', Address>> {
  const ofDisputes = { address: disputes, abi: jobDisputesAbi } as const
  const [registry, ofFaults, ofReferees, timelock] = await Promise.all([
    readContract(client, { ...ofDisputes, functionName: 'registry' }),
    readContract(client, {
      address: signedFaults,
      abi: signedFaultsAbi,
      functionName: 'disputes',
    }),
    readContract(client, { address: referees, abi: refereesAbi, functionName: 'disputes' }),
    readContract(client, { address: governor, abi: duckGovernorAbi, functionName: 'timelock' }),
  ])
  return { registry, ofFaults, ofReferees, timelock }
}

async function readRoles(
  client: ReadClient,
  { timelock, governor }: DeployedOversight,
  deployer: Address,
): Promise<{ governorProposes: boolean; deployerRules: boolean; delay: bigint }> {
  const of = { address: timelock, abi: duckTimelockAbi } as const
  const [proposer, admin, delay] = await Promise.all([
    readContract(client, { ...of, functionName: 'PROPOSER_ROLE' }),
    readContract(client, { ...of, functionName: 'DEFAULT_ADMIN_ROLE' }),
    readContract(client, { ...of, functionName: 'getMinDelay' }),
  ])
  const hasRole = (role: Hex, account: Address): Promise<boolean> =>
    readContract(client, { ...of, functionName: 'hasRole', args: [role, account] })
  const [governorProposes, deployerRules] = await Promise.all([
    hasRole(proposer, governor),
    hasRole(admin, deployer),
  ])
  return { governorProposes, deployerRules, delay }
}

async function readVoting(
  client: ReadClient,
  { governor }: DeployedOversight,
): Promise<{ delay: bigint; period: bigint; threshold: bigint }> {
  const of = { address: governor, abi: duckGovernorAbi } as const
  const [delay, period, threshold] = await Promise.all([
    readContract(client, { ...of, functionName: 'votingDelay' }),
    readContract(client, { ...of, functionName: 'votingPeriod' }),
    readContract(client, { ...of, functionName: 'proposalThreshold' }),
  ])
  return { delay, period, threshold }
}

function same(found: DisputeParameters, wanted: DisputeParameters): boolean {
  const names = Object.keys(wanted) as (keyof DisputeParameters)[]
  return names.every((name) => found[name] === wanted[name])
}
