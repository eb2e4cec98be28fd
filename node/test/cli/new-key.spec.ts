/** `duckmesh keys new`. */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { newKey } from '../../src/cli/new-key.ts'
import { loadOperatorKey } from '../../src/keys/index.ts'
import { rejection } from '../reject.ts'

describe('duckmesh keys new', () => {
  let folder = ''
  let printed = ''
  const write = process.stdout.write.bind(process.stdout)

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'duckmesh-keys-'))
    await writeFile(join(folder, 'password'), 'correct horse battery\n', { mode: 0o600 })
  })

  afterEach(() => rm(folder, { recursive: true, force: true }))

  async function run(file: string, password = 'password'): Promise<void> {
    printed = ''
    process.stdout.write = (text: string | Uint8Array) => {
      printed += String(text)
      return true
    }
    try {
      await newKey(join(folder, file), { passwordFile: join(folder, password), json: true })
    } finally {
      process.stdout.write = write
    }
  }

  it('writes a private file that a node opens under the printed address', async () => {
    await run('operator.json')
    const { address } = JSON.parse(printed) as { address: string }
    const keystore = join(folder, 'operator.json')
    expect((await stat(keystore)).mode & 0o777).to.equal(0o600)
    const passwordFile = join(folder, 'password')
    const signer = await loadOperatorKey({ keystore, passwordFile }, false)
    expect(signer.address).to.equal(address)
  }).timeout(20_000)

  it('never overwrites a key', async () => {
    await writeFile(join(folder, 'operator.json'), 'mine')
    expect((await rejection(run('operator.json'))).code).to.equal('CONFIG_INVALID')
    expect(await readFile(join(folder, 'operator.json'), 'utf8')).to.equal('mine')
  })

  it('refuses a missing and a short password', async () => {
    expect((await rejection(run('operator.json', 'absent'))).code).to.equal('CONFIG_INVALID')
    await writeFile(join(folder, 'short'), 'duck')
    expect((await rejection(run('operator.json', 'short'))).code).to.equal('CONFIG_INVALID')
  })
})
