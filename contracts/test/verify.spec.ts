import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { startMesh, type Mesh } from './support/mesh.ts'

interface Run {
  code: number
  stdout: string
  stderr: string
}

const run = (script: string, ...args: string[]): Promise<Run> =>
  new Promise((resolve) => {
    const path = join(import.meta.dirname, '../script', script)
    execFile(process.execPath, [path, ...args], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr })
    })
  })

type File = Record<string, Record<string, unknown>>

describe('checking a deployment again', () => {
  let mesh: Mesh
  let folder: string
  let file: string
  let deployed: string

  before(async () => {
    mesh = await startMesh()
    folder = mkdtempSync(join(tmpdir(), 'duckmesh-verify-'))
    file = join(folder, 'deployment.json')
    const keyFile = join(folder, 'key')
    writeFileSync(keyFile, mesh.relayer.key)
    const of = ['--rpc', mesh.anvil.url, '--key-file', keyFile]
    const { code } = await run('deploy.ts', ...of, '--parameters', 'local', '--out', file)
    expect(code).to.equal(0)
    deployed = readFileSync(file, 'utf8')
  })

  after(async () => {
    rmSync(folder, { recursive: true })
    await mesh.anvil.stop()
  })

  const verify = (change: (content: File) => void = () => undefined): Promise<Run> => {
    const content = JSON.parse(deployed) as File
    change(content)
    writeFileSync(file, JSON.stringify(content))
    return run('verify.ts', '--rpc', mesh.anvil.url, '--deployment', file)
  }

  it('finds what deploy.ts wrote down', async () => {
    const { code, stderr, stdout } = await verify()
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' })
    expect(stdout).to.contain('Chain 31337').and.contain('all contracts')
  })

  const wrong: [string, (content: File) => void][] = [
    ['another market', (content) => (content['addresses']!['market'] = mesh.addresses.market)],
    [
      'another duration',
      ({ parameters }) => ((parameters!['durations'] as File)['epoch'] = '61' as never),
    ],
    ['another governor', (content) => (content['oversight']!['governor'] = mesh.addresses.token)],
    [
      'another owner of the token',
      (content) => (content['deployer'] = mesh.payer.address as never),
    ],
  ]
  for (const [what, change] of wrong) {
    it(`notices ${what}`, async () => {
      const { code, stdout } = await verify(change)
      expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' })
    })
  }

  it('notices another chain', async () => {
    const { code, stderr } = await verify((content) => (content['chainId'] = 1 as never))
    expect(code).to.equal(1)
    expect(stderr).to.match(/^WRONG_CHAIN: /)
  })

  it('ends with 64 for a file that is none, and for no file', async () => {
    const other = await verify((content) => delete content['parameters'])
    expect(other.code).to.equal(64)
    expect(other.stderr).to.match(/^PARAMETERS_INVALID: /)
    expect((await run('verify.ts', '--rpc', mesh.anvil.url)).code).to.equal(64)
    const missing = await run('verify.ts', '--rpc', mesh.anvil.url, '--deployment', '/nowhere')
    expect(missing.code).to.equal(64)
  })
})
