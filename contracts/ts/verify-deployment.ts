import { domainSeparator, isAddressEqual, type Address } from 'viem'
import { getChainId, readContract } from 'viem/actions'
import { duckTokenAbi } from './abi/duck-token.ts'
import { jobMarketAbi } from './abi/job-market.ts'
import { providerRegistryAbi } from './abi/provider-registry.ts'
import type { DeployedOversight } from './deploy-oversight.ts'
import { ContractError, guarded } from './errors.ts'
import type { Addresses, DeployParameters, Durations, ReadClient } from './interface.ts'
import { verifyOversight } from './verify-oversight.ts'

export interface VerifyDeploymentParameters {
  addresses: Addresses
  /** disputes and governance, when they were deployed along */
  oversight?: DeployedOversight | undefined
  parameters: DeployParameters
  deployer: Address
}

/** Reads the wiring of a deployment back. Throws `DEPLOYMENT_MISMATCH` naming the first thing that is wrong. */
export async function verifyDeployment(
  client: ReadClient,
  { addresses, oversight, parameters, deployer }: VerifyDeploymentParameters,
): Promise<void> {
  const { token, registry, market } = addresses
  const [wiring, domain, durations, tokenOwner] = await guarded(
    Promise.all([
      readWiring(client, addresses),
      readDomains(client, addresses),
      readContract(client, {
        address: registry,
        abi: providerRegistryAbi,
        functionName: 'durations',
      }),
      readContract(client, { address: token, abi: duckTokenAbi, functionName: 'owner' }),
    ]),
  )
  const expect = (what: string, holds: boolean): void => {
    if (!holds) throw mismatch(what)
  }
  expect('the token of the registry', isAddressEqual(wiring.registryToken, token))
  expect('the token of the market', isAddressEqual(wiring.marketToken, token))
  expect('the market of the registry', isAddressEqual(wiring.registryMarket, market))
  expect('the registry of the market', isAddressEqual(wiring.marketRegistry, registry))
  expect('the domain of the registry', domain.registry === domain.expected)
  expect('the domain of the market', domain.market === domain.expected)
  expect('the durations of the registry', sameDurations(durations, parameters.durations))
  expect('the owner of the token', isAddressEqual(tokenOwner, parameters.tokenOwner ?? deployer))
  if (oversight === undefined) return
  const checks = { addresses, oversight, parameters, deployer }
  for (const [what, holds] of await verifyOversight(client, checks)) expect(what, holds)
}

async function readWiring(
  client: ReadClient,
  { registry, market }: Addresses,
): Promise<Record<'registryToken' | 'registryMarket' | 'marketToken' | 'marketRegistry', Address>> {
  const ofRegistry = { address: registry, abi: providerRegistryAbi } as const
  const ofMarket = { address: market, abi: jobMarketAbi } as const
  const [registryToken, registryMarket, marketToken, marketRegistry] = await Promise.all([
    readContract(client, { ...ofRegistry, functionName: 'token' }),
    readContract(client, { ...ofRegistry, functionName: 'market' }),
    readContract(client, { ...ofMarket, functionName: 'token' }),
    readContract(client, { ...ofMarket, functionName: 'registry' }),
  ])
  return { registryToken, registryMarket, marketToken, marketRegistry }
}

/** The separators both contracts use, and the one that every signer computes. */
async function readDomains(
  client: ReadClient,
  addresses: Addresses,
): Promise<Record<'registry' | 'market' | 'expected', string>> {
  const functionName = 'domainSeparator'
  const [chainId, registry, market] = await Promise.all([
    getChainId(client),
    readContract(client, { address: addresses.registry, abi: providerRegistryAbi, functionName }),
    readContract(client, { address: addresses.market, abi: jobMarketAbi, functionName }),
  ])
  const domain = { name: 'DuckMesh', version: '1', chainId, verifyingContract: addresses.registry }
  return { registry, market, expected: domainSeparator({ domain }) }
}

/** By the names of what was asked for, so that a duration added later is compared too. */
function sameDurations(found: Durations, wanted: Durations): boolean {
  const names = Object.keys(wanted) as (keyof Durations)[]
  return names.every((name) => found[name] === wanted[name])
}

const mismatch = (what: string): ContractError =>
  new ContractError({
    code: 'DEPLOYMENT_MISMATCH',
    args: [what],
    message: `Reading back, ${what} is not what was deployed. Check that the RPC endpoint serves one chain.`,
  })
