import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { DataDir } from '../../src/storage/data-dir.ts'
import { KeyLock } from '../../src/storage/key-lock.ts'
import { refusal, rejection } from '../reject.ts'
import { withTempDir } from '../temp-dir.ts'
import { PAYER, PROVIDER } from './rows.ts'

const CHILD = new URL('./lock-child.ts', import.meta.url).pathname

describe('DataDir', () => {
  it('makes a folder that only its owner may enter, also where one was open to all', async () => {
    await withTempDir(async (folder) => {
      for (const name of ['new/deep', 'open']) {
        if (name === 'open') await mkdir(join(folder, name), { mode: 0o755 })
        const dir = await DataDir.open(join(folder, name))
        expect((await stat(dir.path)).mode & 0o777).to.equal(0o700)
        expect(await readFile(join(dir.path, 'version'), 'utf8')).to.equal('1\n')
      }
    })
  })

  it('opens again what it made, not what a later version made or what is damaged', async () => {
    await withTempDir(async (folder) => {
      await DataDir.open(folder)
      expect((await DataDir.open(folder)).storeFile('client')).to.equal(
        join(folder, 'client.sqlite'),
      )
      for (const [text, code] of [
        ['2\n', 'VERSION_UNSUPPORTED'],
        ['', 'STORE_CORRUPT'],
        ['duck', 'STORE_CORRUPT'],
      ] as const) {
        await writeFile(join(folder, 'version'), text)
        expect((await rejection(DataDir.open(folder))).code).to.equal(code)
      }
    })
  })

  it('says CONFIG_INVALID when the folder cannot be made', async () => {
    await withTempDir(async (folder) => {
      await writeFile(join(folder, 'file'), '')
      const error = await rejection(DataDir.open(join(folder, 'file', 'data')))
      expect(error.code).to.equal('CONFIG_INVALID')
    })
  })

  it('lends the lock of a key once, and of another key beside it', async () => {
    await withTempDir(async (folder) => {
      const dir = await DataDir.open(folder)
      const lock = dir.lock(PAYER, 0)
      const other = dir.lock(PROVIDER, 0)
      const error = refusal(() => dir.lock(PAYER, 1))
      expect(error.code).to.equal('STORE_LOCKED')
      expect(error.details['holder']).to.match(
        new RegExp(`^process ${process.pid.toString()}, running since 1970-01-01T00:00:00`),
      )
      lock.release()
      lock.release()
      dir.lock(PAYER, 2).release()
      other.release()
    })
  })
})

describe('KeyLock between processes', () => {
  it('is refused while the other process lives and free at once after kill -9', async () => {
    await withTempDir(async (folder) => {
      const path = join(folder, 'lock')
      const child = spawn(process.execPath, [...process.execArgv, CHILD, path])
      await once(child.stdout, 'data')
      const error = refusal(() => KeyLock.take(path, 1))
      expect(error.code).to.equal('STORE_LOCKED')
      expect(error.details['holder']).to.contain(`process ${String(child.pid)},`)
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
      KeyLock.take(path, 2).release()
    })
  })
})
