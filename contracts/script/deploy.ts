/**
 * Deploys DuckMesh to a chain.
 *
 *   node contracts/script/deploy.ts --rpc URL --key-file FILE --parameters local|public|FILE
 *                                   [--chain-id N] [--out FILE]
 *
 * The key file holds one private key in hex. A parameter file is JSON with the fields of `DeployParameters`, seconds
 * as numbers or decimal strings. Prints one JSON object, and writes it to `--out` too. With `--chain-id` any other
 * chain is refused before anything is sent.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import {
  createPublicClient,
  createWalletClient,
  defineChain,
  http,
  isAddress,
  isHex,
  size,
  type Chain,
  type Hex,
} from 'viem'
import { privateKeyToAccount, type PrivateKeyAccount } from 'viem/accounts'
import { getChainId } from 'viem/actions'
import { deployDuckMesh } from '../ts/deploy.ts'
import { ContractError, toContractError } from '../ts/errors.ts'
import type { DeployParameters, Durations } from '../ts/interface.ts'
import { PARAMETERS } from '../ts/parameters.ts'
import { readOversightParameters, type OversightFile } from './read-oversight-parameters.ts'

/** Exit status of sysexits for a command line that makes no sense. */
const USAGE = 64

interface Options {
  rpc: string
  keyFile: string
  parameters: DeployParameters
  chainId: number | undefined
  out: string | undefined
}

const refuse = (code: string, message: string): ContractError =>
  new ContractError({ code, args: [], message })

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      rpc: { type: 'string' },
      'key-file': { type: 'string' },
      parameters: { type: 'string' },
      'chain-id': { type: 'string' },
      out: { type: 'string' },
    },
  })
  const required = (name: 'rpc' | 'key-file' | 'parameters'): string => {
    const value = values[name]
    if (value === undefined) throw refuse('PARAMETERS_INVALID', `--${name} is missing.`)
    return value
  }
  return {
    rpc: required('rpc'),
    keyFile: required('key-file'),
    parameters: readParameters(required('parameters')),
    chainId: values['chain-id'] === undefined ? undefined : readChainId(values['chain-id']),
    out: values.out,
  }
}

function readChainId(text: string): number {
  const chainId = Number(text)
  if (Number.isSafeInteger(chainId) && chainId > 0) return chainId
  throw refuse('PARAMETERS_INVALID', '--chain-id is not a positive whole number.')
}

function readParameters(nameOrFile: string): DeployParameters {
  if (nameOrFile === 'local' || nameOrFile === 'public') return PARAMETERS[nameOrFile]
  const file = JSON.parse(readFileSync(nameOrFile, 'utf8')) as {
    durations?: Partial<Record<keyof Durations, string | number>>
    tokenOwner?: string
  } & OversightFile
  const seconds = (name: keyof Durations): bigint => {
    const value = file.durations?.[name]
    if (/^[0-9]+$/.test(String(value))) return BigInt(value ?? 0)
    throw refuse(
      'PARAMETERS_INVALID',
      `durations.${name} in ${nameOrFile} is no whole number of seconds.`,
    )
  }
  const durations: Durations = {
    unbonding: seconds('unbonding'),
    faultWindow: seconds('faultWindow'),
    dispute: seconds('dispute'),
    reserve: seconds('reserve'),
    escrowThaw: seconds('escrowThaw'),
    earnedThaw: seconds('earnedThaw'),
    slashLock: seconds('slashLock'),
    redeemPeriod: seconds('redeemPeriod'),
    epoch: seconds('epoch'),
    turn: seconds('turn'),
  }
  const parameters = { durations, ...readOversightParameters(file) }
  if (file.tokenOwner === undefined) return parameters
  if (isAddress(file.tokenOwner)) return { ...parameters, tokenOwner: file.tokenOwner }
  throw refuse('PARAMETERS_INVALID', `tokenOwner in ${nameOrFile} is no address.`)
}

function readAccount(file: string): PrivateKeyAccount {
  const text = readFileSync(file, 'utf8').trim()
  const key: Hex = text.startsWith('0x') ? (text as Hex) : `0x${text}`
  if (!isHex(key) || size(key) !== 32) {
    throw refuse('PARAMETERS_INVALID', `${file} does not hold one private key of 32 bytes in hex.`)
  }
  return privateKeyToAccount(key)
}

/** The chain behind an endpoint, refused when it is not the one that was asked for. */
async function readChain(rpc: string, expected: number | undefined): Promise<Chain> {
  const id = await getChainId(createPublicClient({ transport: http(rpc) }))
  if (expected !== undefined && id !== expected) {
    throw refuse('WRONG_CHAIN', `${rpc} is chain ${id}, not ${expected}. Nothing was sent.`)
  }
  const nativeCurrency = { name: 'native coin', symbol: 'ETH', decimals: 18 }
  return defineChain({
    id,
    name: `chain ${id}`,
    nativeCurrency,
    rpcUrls: { default: { http: [rpc] } },
  })
}

async function deploy(options: Options): Promise<string> {
  const account = readAccount(options.keyFile)
  const chain = await readChain(options.rpc, options.chainId)
  const transport = http(options.rpc)
  const { addresses, oversight, blockNumber } = await deployDuckMesh({
    walletClient: createWalletClient({ account, chain, transport }),
    publicClient: createPublicClient({ chain, transport }),
    parameters: options.parameters,
  })
  const result = {
    chainId: chain.id,
    blockNumber,
    addresses,
    oversight,
    deployer: account.address,
    parameters: options.parameters,
  }
  const decimal = (_key: string, value: unknown): unknown =>
    typeof value === 'bigint' ? value.toString() : value
  return `${JSON.stringify(result, decimal, 2)}\n`
}

/** What the user needs to know of whatever was thrown, and the exit status. */
function explain(error: unknown): { line: string; status: number } {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const isOptionError = error instanceof TypeError && code.startsWith('ERR_PARSE_ARGS')
  if (isOptionError || error instanceof SyntaxError) {
    return { line: `PARAMETERS_INVALID: ${error.message}`, status: USAGE }
  }
  if (error instanceof Error && 'syscall' in error) {
    return { line: `PARAMETERS_INVALID: ${error.message}`, status: USAGE }
  }
  const failure = toContractError(error)
  const status = failure.code === 'PARAMETERS_INVALID' ? USAGE : 1
  return { line: `${failure.code}: ${failure.message}`, status }
}

try {
  const options = readOptions()
  const json = await deploy(options)
  if (options.out !== undefined) writeFileSync(options.out, json)
  process.stdout.write(json)
} catch (error) {
  const { line, status } = explain(error)
  process.stderr.write(`${line}\n`)
  process.exitCode = status
}
