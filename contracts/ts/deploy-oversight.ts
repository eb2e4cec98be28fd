import type { Address, PublicClient } from 'viem'
import { deployContract } from 'viem/actions'
import { duckGovernorAbi } from './abi/duck-governor.ts'
import { duckTimelockAbi } from './abi/duck-timelock.ts'
import { jobDisputesAbi } from './abi/job-disputes.ts'
import { readOversight } from './actions/read-oversight.ts'
import { duckGovernorBytecode } from './bytecode/duck-governor.ts'
import { duckTimelockBytecode } from './bytecode/duck-timelock.ts'
import { jobDisputesBytecode } from './bytecode/job-disputes.ts'
import { confirmDeployment } from './confirm-deployment.ts'
import type { Addresses, DeployParameters, OversightAddresses, WriteClient } from './interface.ts'
import { PUBLIC_DISPUTES, PUBLIC_VOTING } from './parameters.ts'

/** Which of the contracts of oversight a deployment makes itself, and where they will be. */
export interface OversightPlan {
  /** the registry's slasher */
  disputes: Address
  /** the registry's governance */
  governance: Address
  /** where the governor will be, unless governance is somebody else */
  governor: Address | undefined
  /** how many transactions it takes */
  transactions: number
}

export interface DeployOversightParameters {
  walletClient: WriteClient
  publicClient: PublicClient
  parameters: DeployParameters
  addresses: Addresses
  plan: OversightPlan
  /** of the first transaction */
  nonce: number
}

/** The contracts of oversight that were deployed. */
export type DeployedOversight = OversightAddresses & { governor: Address }

/** Says where the contracts of oversight will be, when `addressAt` is that of the transactions to come. */
export function planOversight(
  { disputes, governance }: DeployParameters,
  addressAt: (offset: number) => Address,
): OversightPlan {
  const own = disputes === undefined ? 1 : 0
  return {
    disputes: disputes ?? addressAt(0),
    governance: governance ?? addressAt(own),
    governor: governance === undefined ? addressAt(own + 1) : undefined,
    transactions: own + (governance === undefined ? 2 : 0),
  }
}

/**
 * Deploys disputes, timelock and governor as planned, after registry and market. What the parameters name already
 * is left alone. Resolves with all addresses, or undefined when some of them are somebody else's.
 */
export async function deployOversight(
  deployment: DeployOversightParameters,
): Promise<DeployedOversight | undefined> {
  const { parameters, plan, publicClient, addresses } = deployment
  let { nonce } = deployment
  if (parameters.disputes === undefined) await deployDisputes(deployment, nonce++)
  if (plan.governor !== undefined) {
    await deployTimelock(deployment, nonce++, plan.governor)
    await deployGovernor(deployment, nonce++, plan.governor)
  }
  if (parameters.disputes !== undefined || plan.governor === undefined) return undefined
  return { ...(await readOversight(publicClient, { addresses })), governor: plan.governor }
}

async function deployDisputes(
  { walletClient, publicClient, parameters, addresses, plan }: DeployOversightParameters,
  nonce: number,
): Promise<void> {
  const transaction = deployContract(walletClient, {
    abi: jobDisputesAbi,
    bytecode: jobDisputesBytecode,
    args: [addresses.registry, parameters.disputeParameters ?? PUBLIC_DISPUTES],
    nonce,
  })
  await confirmDeployment(publicClient, transaction, plan.disputes)
}

async function deployTimelock(
  { walletClient, publicClient, parameters, addresses, plan }: DeployOversightParameters,
  nonce: number,
  governor: Address,
): Promise<void> {
  const { timelock } = parameters.voting ?? PUBLIC_VOTING
  const transaction = deployContract(walletClient, {
    abi: duckTimelockAbi,
    bytecode: duckTimelockBytecode,
    args: [addresses.registry, governor, timelock],
    nonce,
  })
  await confirmDeployment(publicClient, transaction, plan.governance)
}

async function deployGovernor(
  { walletClient, publicClient, parameters, addresses, plan }: DeployOversightParameters,
  nonce: number,
  governor: Address,
): Promise<void> {
  const { delay, period, threshold, quorumPercent } = parameters.voting ?? PUBLIC_VOTING
  const transaction = deployContract(walletClient, {
    abi: duckGovernorAbi,
    bytecode: duckGovernorBytecode,
    args: [addresses.registry, plan.governance, { delay, period, threshold, quorumPercent }],
    nonce,
  })
  await confirmDeployment(publicClient, transaction, governor)
}
