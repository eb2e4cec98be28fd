/** The seed's own four transactions per job, compiled and measured in the same run: what DuckMesh is compared with. */
import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { approve } from '@duckmesh/contracts'
import { DuckMeshError } from '@duckmesh/protocols'
import { maxUint256, parseAbi } from 'viem'
import type { Address, Hash, Hex } from 'viem'
import { deployContract, writeContract } from 'viem/actions'
import { PRICE } from './amounts.ts'
import type { GasWorld, Party } from './gas-world.ts'

const FILE = 'SeedFlow.sol'
/** As the contracts of DuckMesh are compiled, see foundry.toml. */
const SETTINGS = {
  optimizer: { enabled: true, runs: 200 },
  evmVersion: 'prague',
  outputSelection: { '*': { '*': ['evm.bytecode.object'] } },
}

const abi = parseAbi([
  'constructor(address token)',
  'function postJob(string specHash, string modelId, uint256 maxPrice, uint8 verificationMode, uint256 timeout) returns (uint256)',
  'function acceptJob(uint256 jobId, uint256 bidPrice)',
  'function submitResult(uint256 jobId, string resultHash, bytes receiptSig)',
  'function finalizeJob(uint256 jobId)',
])

/** Content ids and signatures are as long as real ones. */
const SPEC = 'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi'
const MODEL = 'bafybeihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'
const RESULT = 'bafybeif2pall7dybz7vecqka3zo24irdwabwdi4wc55jznaq75q7eaavvu'
const SIGNATURE: Hex = `0x${'c3'.repeat(64)}1b`

/** Resolves to the gas of one job, its four transactions together, and keeps each. */
export async function measureSeedFlow(world: GasWorld, root: string): Promise<number> {
  const bytecode = await compile(root)
  const { deployer } = world
  const args = [world.addresses.token] as const
  const { contractAddress } = await world.done(
    deployContract(deployer.client, { abi, bytecode, args }),
  )
  if (!contractAddress) throw new TypeError('The baseline was not deployed.')
  const client = await world.rich('seed client')
  const provider = await world.funded('seed provider')
  const { addresses } = world
  const approval = { addresses, spender: contractAddress, amount: maxUint256 }
  await world.done(approve(client.client, approval))
  // the first job fills the balance of the contract
  await runJob(world, { address: contractAddress, client, provider }, 1n, (_name, hash) =>
    world.done(hash),
  )
  const kept: number[] = []
  await runJob(world, { address: contractAddress, client, provider }, 2n, async (name, hash) => {
    const { gasUsed } = await world.measure({ name: `seed: ${name}` }, hash)
    kept.push(Number(gasUsed))
  })
  return kept.reduce((sum, gas) => sum + gas, 0)
}

interface Baseline {
  address: Address
  client: Party
  provider: Party
}

/** The owner of the baseline finalizes, as the founding document asks. */
async function runJob(
  { deployer }: GasWorld,
  { address, client, provider }: Baseline,
  jobId: bigint,
  send: (name: string, hash: Promise<Hash>) => Promise<unknown>,
): Promise<void> {
  const call = { address, abi }
  const price = PRICE / 2n
  await send(
    'postJob',
    writeContract(client.client, {
      ...call,
      functionName: 'postJob',
      args: [SPEC, MODEL, PRICE, 1, 3_600n],
    }),
  )
  await send(
    'acceptJob',
    writeContract(provider.client, { ...call, functionName: 'acceptJob', args: [jobId, price] }),
  )
  await send(
    'submitResult',
    writeContract(provider.client, {
      ...call,
      functionName: 'submitResult',
      args: [jobId, RESULT, SIGNATURE],
    }),
  )
  await send(
    'finalizeJob',
    writeContract(deployer.client, { ...call, functionName: 'finalizeJob', args: [jobId] }),
  )
}

/** What the compiler answers, as far as it counts here. */
interface Compiled {
  contracts?: Record<string, Record<string, { evm: { bytecode: { object: string } } }>>
  errors?: { severity: string; formattedMessage: string }[]
}

async function compile(root: string): Promise<Hex> {
  const content = await readFile(join(root, 'contracts/test/support', FILE), 'utf8')
  const input = { language: 'Solidity', sources: { [FILE]: { content } }, settings: SETTINGS }
  const output = await runCompiler(join(root, 'contracts/solc.cjs'), JSON.stringify(input))
  const { contracts, errors = [] } = JSON.parse(output) as Compiled
  const bytecode = contracts?.[FILE]?.['SeedFlow']?.evm.bytecode.object
  if (bytecode !== undefined && bytecode !== '') return `0x${bytecode}`
  const what = errors.map(({ formattedMessage }) => formattedMessage).join('\n')
  throw new DuckMeshError('INTERNAL', `The baseline does not compile.\n${what}`)
}

/** The compiler that forge uses, by itself. */
function runCompiler(path: string, input: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [path, '--standard-json'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
    child.once('error', reject)
    child.once('close', () => {
      resolve(output)
    })
    child.stdin.end(input)
  })
}
