import {
  getContractAddress,
  type Address,
  type Hex,
  type PublicClient,
  type TransactionReceipt,
} from 'viem'
import { deployContract, getTransactionCount } from 'viem/actions'
import { duckTokenAbi } from './abi/duck-token.ts'
import { jobMarketAbi } from './abi/job-market.ts'
import { providerRegistryAbi } from './abi/provider-registry.ts'
import { duckTokenBytecode } from './bytecode/duck-token.ts'
import { jobMarketBytecode, marketLogicPlaceholder } from './bytecode/job-market.ts'
import { marketLogicBytecode } from './bytecode/market-logic.ts'
import { providerRegistryBytecode, registryLogicPlaceholder } from './bytecode/provider-registry.ts'
import { registryLogicBytecode } from './bytecode/registry-logic.ts'
import { confirmDeployment } from './confirm-deployment.ts'
import { deployOversight, planOversight, type DeployedOversight } from './deploy-oversight.ts'
import { guarded } from './errors.ts'
import type { Addresses, DeployParameters, WriteClient } from './interface.ts'
import { verifyDeployment } from './verify-deployment.ts'

export interface DeployDuckMeshParameters {
  /** pays for the deployment; must send nothing else meanwhile */
  walletClient: WriteClient
  publicClient: PublicClient
  parameters: DeployParameters
}

export interface Deployment {
  addresses: Addresses
  /** Disputes and governance; undefined when the parameters name others. */
  oversight: DeployedOversight | undefined
  /** the first block that holds anything of it: where to read events from */
  blockNumber: bigint
}

/**
 * Deploys token, registry, market, disputes and governance, and reads back that they know one another.
 *
 * The registry names the others, so their addresses are computed before they exist. Should the account send anything
 * in between, their constructors refuse and nothing usable is left behind.
 */
export async function deployDuckMesh(deployment: DeployDuckMeshParameters): Promise<Deployment> {
  const { walletClient, publicClient, parameters } = deployment
  const from = walletClient.account.address
  const nonce = await guarded(
    getTransactionCount(publicClient, { address: from, blockTag: 'pending' }),
  )
  const addressAt = (offset: number): Address =>
    getContractAddress({ from, nonce: BigInt(nonce + offset) })
  const [registryLogic, marketLogic] = [addressAt(0), addressAt(1)]
  const addresses = { token: addressAt(2), registry: addressAt(3), market: addressAt(4) }
  const plan = planOversight(parameters, (offset) => addressAt(5 + offset))
  const { blockNumber } = await deployLogic(deployment, nonce, registryLogicBytecode)
  await deployLogic(deployment, nonce + 1, marketLogicBytecode)
  await deployToken(deployment, nonce + 2)
  await deployRegistry(deployment, nonce + 3, { ...addresses, ...plan, logic: registryLogic })
  await deployMarket(deployment, nonce + 4, { ...addresses, logic: marketLogic })
  const oversight = await deployOversight({ ...deployment, addresses, plan, nonce: nonce + 5 })
  await verifyDeployment(publicClient, { addresses, oversight, parameters, deployer: from })
  return { addresses, oversight, blockNumber }
}

/** What the registry is told about, beside token and market. */
interface Overseers {
  disputes: Address
  governance: Address
  logic: Address
}

/** The part of a contract that is deployed apart and linked. */
function deployLogic(
  { walletClient, publicClient }: DeployDuckMeshParameters,
  nonce: number,
  bytecode: Hex,
): Promise<TransactionReceipt> {
  const transaction = deployContract(walletClient, { abi: [], bytecode, nonce })
  return confirmDeployment(publicClient, transaction)
}

function deployToken(
  { walletClient, publicClient, parameters }: DeployDuckMeshParameters,
  nonce: number,
): Promise<TransactionReceipt> {
  const owner = parameters.tokenOwner ?? walletClient.account.address
  const transaction = deployContract(walletClient, {
    abi: duckTokenAbi,
    bytecode: duckTokenBytecode,
    args: [owner],
    nonce,
  })
  return confirmDeployment(publicClient, transaction)
}

function deployRegistry(
  { walletClient, publicClient, parameters }: DeployDuckMeshParameters,
  nonce: number,
  { token, registry, market, disputes, governance, logic }: Addresses & Overseers,
): Promise<TransactionReceipt> {
  const transaction = deployContract(walletClient, {
    abi: providerRegistryAbi,
    bytecode: linked(providerRegistryBytecode, registryLogicPlaceholder, logic),
    args: [token, market, disputes, governance, parameters.durations],
    nonce,
  })
  return confirmDeployment(publicClient, transaction, registry)
}

function deployMarket(
  { walletClient, publicClient }: DeployDuckMeshParameters,
  nonce: number,
  { registry, market, logic }: Addresses & { logic: Address },
): Promise<TransactionReceipt> {
  const transaction = deployContract(walletClient, {
    abi: jobMarketAbi,
    bytecode: linked(jobMarketBytecode, marketLogicPlaceholder, logic),
    args: [registry],
    nonce,
  })
  return confirmDeployment(publicClient, transaction, market)
}

/** The bytecode with the address of a library where its placeholder stood. */
function linked(bytecode: string, placeholder: string, library: Address): Hex {
  return `0x${bytecode.slice(2).replaceAll(placeholder, library.slice(2).toLowerCase())}`
}
