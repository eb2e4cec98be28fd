import {
  getContractAddress,
  isAddressEqual,
  type Address,
  type Hex,
  type PublicClient,
  type TransactionReceipt,
} from 'viem'
import { deployContract, getTransactionCount } from 'viem/actions'
import { duckTokenAbi } from './abi/duck-token.ts'
import { jobMarketAbi } from './abi/job-market.ts'
import { providerRegistryAbi } from './abi/provider-registry.ts'
import { waitForSuccess } from './actions/wait-for-success.ts'
import { duckTokenBytecode } from './bytecode/duck-token.ts'
import { jobMarketBytecode } from './bytecode/job-market.ts'
import { providerRegistryBytecode } from './bytecode/provider-registry.ts'
import { ContractError, guarded } from './errors.ts'
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
  /** the first block that holds anything of it: where to read events from */
  blockNumber: bigint
}

/**
 * Deploys token, registry and market, and reads back that they know one another.
 *
 * Registry and market name each other, so the address of the market is computed before it exists. Should the
 * account send anything in between, the market's constructor refuses and nothing usable is left behind.
 */
export async function deployDuckMesh(deployment: DeployDuckMeshParameters): Promise<Deployment> {
  const { walletClient, publicClient, parameters } = deployment
  const from = walletClient.account.address
  const nonce = await guarded(
    getTransactionCount(publicClient, { address: from, blockTag: 'pending' }),
  )
  const addressAt = (offset: number): Address =>
    getContractAddress({ from, nonce: BigInt(nonce + offset) })
  const addresses = { token: addressAt(0), registry: addressAt(1), market: addressAt(2) }
  const { blockNumber } = await deployToken(deployment, nonce)
  await deployRegistry(deployment, nonce + 1, addresses)
  await deployMarket(deployment, nonce + 2, addresses)
  await verifyDeployment(publicClient, { addresses, parameters, deployer: from })
  return { addresses, blockNumber }
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
  return confirm(publicClient, transaction)
}

function deployRegistry(
  { walletClient, publicClient, parameters }: DeployDuckMeshParameters,
  nonce: number,
  { token, registry, market }: Addresses,
): Promise<TransactionReceipt> {
  const transaction = deployContract(walletClient, {
    abi: providerRegistryAbi,
    bytecode: providerRegistryBytecode,
    args: [token, market, parameters.durations],
    nonce,
  })
  return confirm(publicClient, transaction, registry)
}

function deployMarket(
  { walletClient, publicClient }: DeployDuckMeshParameters,
  nonce: number,
  { registry, market }: Addresses,
): Promise<TransactionReceipt> {
  const transaction = deployContract(walletClient, {
    abi: jobMarketAbi,
    bytecode: jobMarketBytecode,
    args: [registry],
    nonce,
  })
  return confirm(publicClient, transaction, market)
}

async function confirm(
  client: PublicClient,
  transaction: Promise<Hex>,
  expected?: Address,
): Promise<TransactionReceipt> {
  const receipt = await waitForSuccess(client, { hash: await guarded(transaction) })
  const { contractAddress } = receipt
  if (expected === undefined || (contractAddress && isAddressEqual(contractAddress, expected))) {
    return receipt
  }
  throw new ContractError({
    code: 'DEPLOYMENT_MISMATCH',
    args: [contractAddress, expected],
    message:
      'The deploying account sent other transactions meanwhile. Deploy again from a quiet account.',
  })
}
