import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'

const contracts = join(import.meta.dirname, '..')

/** What the generator reads, by its own lists, so that a contract added there needs no change here. */
const names = [
  ...readFileSync(join(contracts, 'generate.ts'), 'utf8').matchAll(/^const \w+ = \[([^\]]*)\]/gm),
].flatMap(([, list = '']) => [...list.matchAll(/'(\w+)'/g)].map(([, name = '']) => name))

const generate = (folder: string, ...args: string[]): Promise<number> =>
  new Promise((resolve) => {
    execFile(process.execPath, [join(folder, 'generate.ts'), ...args], (error) => {
      resolve(typeof error?.code === 'number' ? error.code : 0)
    })
  })

/** Works on a copy with artifacts of its own, so that neither a stale build nor this test disturbs the other. */
describe('generate', () => {
  let folder: string

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'duckmesh-generate-'))
    cpSync(join(contracts, 'generate.ts'), join(folder, 'generate.ts'))
    cpSync(join(contracts, 'package.json'), join(folder, 'package.json'))
    for (const name of names) {
      const artifact = {
        abi: [{ type: 'error', name, inputs: [] }],
        bytecode: { object: '0x60', linkReferences: {} },
      }
      const target = join(folder, 'out', `${name}.sol`)
      cpSync(join(contracts, 'package.json'), join(target, 'keep.json'))
      writeFileSync(join(target, `${name}.json`), JSON.stringify(artifact))
    }
  })

  after(() => {
    rmSync(folder, { recursive: true })
  })

  it('reads contracts and libraries', () => {
    expect(names).to.include.members([
      'DuckToken',
      'ProviderRegistry',
      'JobMarket',
      'RegistryLogic',
    ])
  })

  it('says that the faces are missing, writes them, and is then content', async () => {
    expect(await generate(folder, '--check')).to.equal(1)
    expect(existsSync(join(folder, 'ts/abi/job-market.ts'))).to.equal(false)
    expect(await generate(folder)).to.equal(0)
    expect(await generate(folder, '--check')).to.equal(0)
    const abi = (await import(join(folder, 'ts/abi/job-market.ts'))) as { jobMarketAbi: unknown }
    expect(abi.jobMarketAbi).to.deep.equal([{ type: 'error', name: 'JobMarket', inputs: [] }])
    const { errorsAbi } = (await import(join(folder, 'ts/abi/errors.ts'))) as {
      errorsAbi: { name: string }[]
    }
    const told = errorsAbi.map(({ name }) => name)
    expect(told).to.include.members(['DuckToken', 'JobDisputes', 'Referees'])
    expect(new Set(told).size).to.equal(told.length)
  })

  it('notices a face that somebody edited', async () => {
    writeFileSync(join(folder, 'ts/bytecode/duck-token.ts'), 'export {}\n')
    expect(await generate(folder, '--check')).to.equal(1)
    expect(await generate(folder)).to.equal(0)
    expect(await generate(folder, '--check')).to.equal(0)
  })

  it('says where the address of a linked library belongs, and refuses libraries it does not know', async () => {
    const link = (library: string): void => {
      const placeholder = `__$${'a'.repeat(34)}$__`
      const linkReferences = { 'a.sol': { [library]: [{ start: 1, length: 20 }] } }
      const bytecode = { object: `0x60${placeholder}00`, linkReferences }
      const target = join(folder, 'out/ProviderRegistry.sol/ProviderRegistry.json')
      writeFileSync(target, JSON.stringify({ abi: [], bytecode }))
    }
    link('RegistryLogic')
    expect(await generate(folder)).to.equal(0)
    const module = (await import(join(folder, 'ts/bytecode/provider-registry.ts'))) as {
      registryLogicPlaceholder: string
      providerRegistryBytecode: string
    }
    expect(module.registryLogicPlaceholder).to.equal(`__$${'a'.repeat(34)}$__`)
    expect(module.providerRegistryBytecode).to.contain(module.registryLogicPlaceholder)
    link('SomebodyElse')
    expect(await generate(folder)).to.equal(1)
  })
})
