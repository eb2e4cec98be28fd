/**
 * Checks a deployment that `deploy.ts` wrote down: whether the chain says the same.
 *
 *   node contracts/script/verify.ts --rpc URL --deployment FILE
 *
 * Sends nothing and needs no key. Prints what was checked, or ends with 1 and the first thing that is wrong.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { createPublicClient, http, type Address } from 'viem'
import { getChainId } from 'viem/actions'
import type { DeployedOversight } from '../ts/deploy-oversight.ts'
import { ContractError, toContractError } from '../ts/errors.ts'
import type { Addresses, DeployParameters, Durations } from '../ts/interface.ts'
import { verifyDeployment } from '../ts/verify-deployment.ts'
import { readOversightParameters, type OversightFile } from './read-oversight-parameters.ts'

/** Exit status of sysexits for a command line that makes no sense. */
const USAGE = 64

/** What `deploy.ts` writes; amounts and seconds are decimal strings. */
interface DeploymentFile {
  chainId: number
  addresses: Addresses
  oversight?: DeployedOversight
  deployer: Address
  parameters: OversightFile & {
    durations: Record<keyof Durations, string>
    tokenOwner?: Address
  }
}

const refuse = (code: string, message: string): ContractError =>
  new ContractError({ code, args: [], message })

function readOptions(): { rpc: string; file: DeploymentFile } {
  const { values } = parseArgs({
    options: { rpc: { type: 'string' }, deployment: { type: 'string' } },
  })
  const { deployment, rpc } = values
  if (rpc === undefined) throw refuse('PARAMETERS_INVALID', '--rpc is missing.')
  if (deployment === undefined) throw refuse('PARAMETERS_INVALID', '--deployment is missing.')
  const file = JSON.parse(readFileSync(deployment, 'utf8')) as Partial<DeploymentFile>
  const { addresses, chainId, deployer, parameters } = file
  if (!addresses || chainId === undefined || !deployer || !parameters?.durations)
    throw refuse('PARAMETERS_INVALID', `${deployment} is not what deploy.ts writes.`)
  const found = { ...file, addresses, chainId, deployer, parameters }
  return { rpc, file: found }
}

function parametersOf({ parameters }: DeploymentFile): DeployParameters {
  const { durations, tokenOwner } = parameters
  const seconds = Object.entries(durations).map(([name, value]) => [name, BigInt(value)] as const)
  return {
    durations: Object.fromEntries(seconds) as unknown as Durations,
    ...readOversightParameters(parameters),
    ...(tokenOwner === undefined ? {} : { tokenOwner }),
  }
}

async function verify({ rpc, file }: { rpc: string; file: DeploymentFile }): Promise<string> {
  const client = createPublicClient({ transport: http(rpc) })
  const chainId = await getChainId(client)
  if (chainId !== file.chainId)
    throw refuse('WRONG_CHAIN', `${rpc} is chain ${chainId}, not ${file.chainId}.`)
  const { addresses, deployer, oversight } = file
  const parameters = parametersOf(file)
  await verifyDeployment(client, { addresses, oversight, parameters, deployer })
  const what = oversight === undefined ? 'token, registry and market' : 'all contracts'
  return `Chain ${chainId}: ${what} are wired as the file says, with its parameters.\n`
}

/** Command lines and files that make no sense end with 64, everything else with 1. */
function statusOf(error: unknown, code: string): number {
  const isUnread = error instanceof SyntaxError || (error instanceof Error && 'syscall' in error)
  const isOption = error instanceof TypeError && 'code' in error
  return isUnread || isOption || code === 'PARAMETERS_INVALID' ? USAGE : 1
}

try {
  process.stdout.write(await verify(readOptions()))
} catch (error) {
  const failure = toContractError(error)
  process.exitCode = statusOf(error, failure.code)
  const code = process.exitCode === USAGE ? 'PARAMETERS_INVALID' : failure.code
  const message = error instanceof Error ? error.message : failure.message
  process.stderr.write(`${code}: ${message}\n`)
}
