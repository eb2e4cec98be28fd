import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { createPublicClient, http, zeroAddress, type Address } from 'viem'
import { readContract } from 'viem/actions'
import { duckTokenAbi } from '../ts/abi/duck-token.ts'
import { providerRegistryAbi } from '../ts/abi/provider-registry.ts'
import { deployDuckMesh } from '../ts/deploy.ts'
import { ContractError, LOCAL_DURATIONS, MAX_PAGE, MIN_STAKE, PARAMETERS } from '../ts/index.ts'
import { verifyDeployment } from '../ts/verify-deployment.ts'
import { startMesh, type Mesh } from './support/mesh.ts'

const script = join(import.meta.dirname, '../script/deploy.ts')

interface Run {
  code: number
  stdout: string
  stderr: string
}

const run = (...args: string[]): Promise<Run> =>
  new Promise((resolve) => {
    execFile(process.execPath, [script, ...args], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr })
    })
  })

describe('deployment', () => {
  let mesh: Mesh
  let folder: string
  let keyFile: string

  before(async () => {
    mesh = await startMesh()
    folder = mkdtempSync(join(tmpdir(), 'duckmesh-deploy-'))
    keyFile = join(folder, 'key')
    writeFileSync(keyFile, `${mesh.relayer.key}\n`)
  })

  after(async () => {
    rmSync(folder, { recursive: true })
    await mesh.anvil.stop()
  })

  it('wires token, registry and market, and says from which block on', async () => {
    const { chain, addresses, deployer, deployBlock } = mesh
    const parameters = { durations: LOCAL_DURATIONS }
    await verifyDeployment(chain, { addresses, parameters, deployer: deployer.address })
    expect(deployBlock).to.equal(1n)
    const minStake = await readContract(chain, {
      address: addresses.registry,
      abi: providerRegistryAbi,
      functionName: 'minStake',
    })
    expect(minStake).to.equal(MIN_STAKE)
    const maxPage = await readContract(chain, {
      address: addresses.registry,
      abi: providerRegistryAbi,
      functionName: 'MAX_PAGE',
    })
    expect(maxPage).to.equal(BigInt(MAX_PAGE))
  })

  it('gives the token to the owner that the parameters name', async () => {
    const { chain, payer, operator } = mesh
    const { addresses } = await deployDuckMesh({
      walletClient: operator.client,
      publicClient: chain,
      parameters: { ...PARAMETERS.public, tokenOwner: payer.address },
    })
    const owner = await readContract(chain, {
      address: addresses.token,
      abi: duckTokenAbi,
      functionName: 'owner',
    })
    expect(owner).to.equal(payer.address)
  })

  it('refuses durations under which a fault could escape', async () => {
    const { chain, operator } = mesh
    const durations = { ...LOCAL_DURATIONS, unbonding: 120n }
    const deployment = { walletClient: operator.client, publicClient: chain }
    try {
      await deployDuckMesh({ ...deployment, parameters: { durations } })
    } catch (error) {
      expect(error).to.be.instanceOf(ContractError)
      expect(error).to.include({ code: 'UnbondingTooShort' })
      return
    }
    expect.fail('deployed')
  })

  const wrong: [string, (mesh: Mesh) => Partial<Parameters<typeof verifyDeployment>[1]>][] = [
    ['another owner', () => ({ deployer: zeroAddress })],
    ['other durations', () => ({ parameters: PARAMETERS.public })],
  ]
  for (const [what, change] of wrong) {
    it(`notices ${what} when it reads back`, async () => {
      const { chain, addresses, deployer } = mesh
      const right = { addresses, parameters: PARAMETERS.local, deployer: deployer.address }
      try {
        await verifyDeployment(chain, { ...right, ...change(mesh) })
      } catch (error) {
        expect(error).to.include({ code: 'DEPLOYMENT_MISMATCH' })
        return
      }
      expect.fail('passed')
    })
  }

  it('is a command that prints and writes where everything is', async () => {
    const out = join(folder, 'deployment.json')
    const args = ['--rpc', mesh.anvil.url, '--key-file', keyFile, '--parameters', 'local']
    const { code, stdout, stderr } = await run(...args, '--chain-id', '31337', '--out', out)
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' })
    expect(readFileSync(out, 'utf8')).to.equal(stdout)
    const result = JSON.parse(stdout) as { chainId: number; addresses: Record<string, Address> }
    expect(result.chainId).to.equal(31337)
    const client = createPublicClient({ transport: http(mesh.anvil.url) })
    const address = result.addresses['market']!
    expect(await client.getCode({ address })).to.have.length.above(10_000)
  })

  it('takes its parameters from a file', async () => {
    const file = join(folder, 'parameters.json')
    const durations = Object.fromEntries(
      Object.entries(LOCAL_DURATIONS).map(([name, value]) => [name, Number(value) + 1]),
    )
    writeFileSync(file, JSON.stringify({ durations: { ...durations, unbonding: '200' } }))
    const args = ['--rpc', mesh.anvil.url, '--key-file', keyFile, '--parameters', file]
    const { code, stdout } = await run(...args)
    expect(code).to.equal(0)
    const { parameters } = JSON.parse(stdout) as { parameters: { durations: object } }
    expect(parameters.durations).to.include({ unbonding: '200', escrowThaw: '31' })
  })

  it('sends nothing to a chain with another id', async () => {
    const { chain, relayer } = mesh
    const before = await chain.getTransactionCount({ address: relayer.address })
    const args = ['--rpc', mesh.anvil.url, '--key-file', keyFile, '--parameters', 'local']
    const { code, stdout, stderr } = await run(...args, '--chain-id', '1')
    expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' })
    expect(stderr).to.contain('WRONG_CHAIN').and.not.contain(relayer.key)
    expect(await chain.getTransactionCount({ address: relayer.address })).to.equal(before)
  })

  const badLines: [string, string[]][] = [
    ['no options', []],
    ['an unknown option', ['--duck']],
    [
      'a missing key file',
      ['--rpc', 'http://127.0.0.1:1', '--key-file', '/nowhere', '--parameters', 'local'],
    ],
    [
      'a missing parameter file',
      ['--rpc', 'http://127.0.0.1:1', '--key-file', '/nowhere', '--parameters', '/nowhere'],
    ],
  ]
  for (const [what, args] of badLines) {
    it(`ends with 64 for ${what}`, async () => {
      const { code, stdout, stderr } = await run(...args)
      expect({ code, stdout }).to.deep.equal({ code: 64, stdout: '' })
      expect(stderr).to.match(/^PARAMETERS_INVALID: .+\n$/s)
    })
  }

  it('ends with 64 for a key file without a key, and does not print it', async () => {
    const file = join(folder, 'bad-key')
    writeFileSync(file, '0x1234')
    const { code, stderr } = await run(
      '--rpc',
      mesh.anvil.url,
      '--key-file',
      file,
      '--parameters',
      'local',
    )
    expect(code).to.equal(64)
    expect(stderr).to.not.contain('1234')
  })
})
