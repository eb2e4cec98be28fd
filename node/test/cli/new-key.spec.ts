import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { main } from '../../src/cli/main.ts'
import { loadOperatorKey } from '../../src/keys/index.ts'
import { withTempDir } from '../temp-dir.ts'
import { captured } from './captured.ts'

const PASSWORD = 'correct horse battery'

/** A folder with a password file; `run` makes a key beside it. */
async function withPassword(
  password: string,
  use: (paths: { key: string; passwordFile: string }) => Promise<void>,
): Promise<void> {
  await withTempDir(async (folder) => {
    const passwordFile = join(folder, 'password')
    await writeFile(passwordFile, password, { mode: 0o600 })
    await use({ key: join(folder, 'key.json'), passwordFile })
  })
}

const run = (...argv: string[]) => captured(() => main(['keys', 'new', ...argv]))

describe('duckmesh keys new', function () {
  this.timeout(30_000)

  it('keeps a key that a node takes, and tells its address', async () => {
    await withPassword(`${PASSWORD}\n`, async ({ key, passwordFile }) => {
      const { err, out } = await run(key, '--password-file', passwordFile, '--json')
      expect(err).to.equal('')
      const { address } = JSON.parse(out) as { address: string }
      const signer = await loadOperatorKey({ keystore: key, passwordFile }, false)
      expect(signer.address).to.equal(address)
      expect((await stat(key)).mode & 0o777).to.equal(0o600)
    })
  })

  it('never overwrites a key', async () => {
    await withPassword(PASSWORD, async ({ key, passwordFile }) => {
      await writeFile(key, 'precious')
      const { err, exitCode } = await run(key, '--password-file', passwordFile)
      expect(exitCode).to.equal(78)
      expect(err).to.match(/^CONFIG_INVALID: .* exists/)
      expect(await readFile(key, 'utf8')).to.equal('precious')
    })
  })

  it('refuses a short password and a password file that is not there', async () => {
    await withPassword('short', async ({ key, passwordFile }) => {
      for (const file of [passwordFile, `${passwordFile}.none`]) {
        const { err, exitCode } = await run(key, '--password-file', file)
        expect(exitCode).to.equal(78)
        expect(err)
          .to.match(/^CONFIG_INVALID: /)
          .and.not.contain('short')
      }
    })
  })
})
