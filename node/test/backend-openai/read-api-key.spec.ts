import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { readApiKey } from '../../src/backend-openai/index.ts'
import { rejection } from '../reject.ts'
import { withTempDir } from '../temp-dir.ts'

async function withFile(content: string, work: (path: string) => Promise<void>): Promise<void> {
  await withTempDir(async (folder) => {
    const path = join(folder, 'key')
    await writeFile(path, content, { mode: 0o600 })
    await work(path)
  })
}

describe('readApiKey', () => {
  it('reads one line', async () => {
    for (const content of ['sk-secret', 'sk-secret\n', 'sk-secret\r\n']) {
      await withFile(content, async (path) => {
        expect(await readApiKey(path)).to.equal('sk-secret')
      })
    }
  })

  it('refuses a file that others may read', async () => {
    await withFile('sk-secret', async (path) => {
      await chmod(path, 0o640)
      const error = await rejection(readApiKey(path))
      expect(error.code).to.equal('KEY_REFUSED')
      expect(error.message).to.not.contain('secret')
    })
  })

  it('refuses what is no key, without repeating it', async () => {
    for (const content of ['', '\n', 'sk secret', 'sk-secret\nsk-secret', 'sk-sécret']) {
      await withFile(content, async (path) => {
        const error = await rejection(readApiKey(path))
        expect(error.code).to.equal('CONFIG_INVALID')
        expect(error.message).to.contain(path).and.not.contain('cret')
      })
    }
    expect((await rejection(readApiKey('/nowhere/key'))).code).to.equal('CONFIG_INVALID')
  })
})
