import { mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { findNetworkFile, readNetworkFile, writeNetworkFile } from '../../src/cli/network-file.ts'
import type { NetworkFile } from '../../src/cli/network-file.ts'
import { rejection } from '../reject.ts'
import { hexOfDigit } from '../storage/rows.ts'
import { withTempDir } from '../temp-dir.ts'

/** No process has it: the limit of Linux is 2^22. */
const NOBODY = 2 ** 30

function fileOf(over: Partial<NetworkFile> = {}): NetworkFile {
  return {
    network: {
      chainId: 31_337,
      rpcUrl: 'http://127.0.0.1:8545',
      registry: hexOfDigit('a', 20),
      market: hexOfDigit('b', 20),
      token: hexOfDigit('c', 20),
      seeds: ['/ip4/127.0.0.1/tcp/1'],
      local: true,
    },
    account: { privateKey: hexOfDigit('5', 32), dataDir: '/tmp/chat' },
    gateways: ['http://127.0.0.1:3828'],
    pid: process.pid,
    ...over,
  }
}

/** A network's folder under the project, with its file. */
async function network(
  project: string,
  name: string,
  over: Partial<NetworkFile> = {},
): Promise<string> {
  const folder = join(project, '.duckmesh', name)
  await mkdir(folder, { recursive: true })
  return writeNetworkFile(folder, fileOf(over))
}

describe('network file', () => {
  it('gives back what was written, in a file that only its user may read', async () => {
    await withTempDir(async (folder) => {
      const path = await writeNetworkFile(folder, fileOf())
      expect(await readNetworkFile(path)).to.deep.equal(fileOf())
      expect((await stat(path)).mode & 0o777).to.equal(0o600)
      await writeNetworkFile(folder, fileOf({ pid: 7 }))
      expect((await readNetworkFile(path)).pid).to.equal(7)
    })
  })

  it('takes a file without gateways: its network has none', async () => {
    await withTempDir(async (folder) => {
      const { gateways: _, ...rest } = fileOf()
      const path = join(folder, 'network.json')
      await writeFile(path, JSON.stringify(rest))
      expect((await readNetworkFile(path)).gateways).to.deep.equal([])
    })
  })

  it('refuses a file that is not there, not JSON, of another shape or with more in it', async () => {
    await withTempDir(async (folder) => {
      const path = join(folder, 'network.json')
      const missing = await rejection(readNetworkFile(path))
      expect(missing.code).to.equal('CONFIG_INVALID')
      expect(missing.message).to.contain('cannot be read')
      const secret = hexOfDigit('5', 32)
      const broken = [
        `{"privateKey": "${secret}"`,
        '[]',
        JSON.stringify({ ...fileOf(), extra: 1 }),
        JSON.stringify({ ...fileOf(), pid: 'x' }),
        JSON.stringify({ ...fileOf(), account: { privateKey: 'text', dataDir: '' } }),
      ]
      for (const text of broken) {
        await writeFile(path, text)
        const error = await rejection(readNetworkFile(path))
        expect(error.code, text).to.equal('CONFIG_INVALID')
        expect(error.details).to.deep.equal({ file: path })
        // Neither the message nor a cause may quote the key.
        expect(error.cause).to.equal(undefined)
        expect(error.message).to.not.contain('5555')
      }
    })
  })

  it('finds the newest running network of the folder or of one above', async () => {
    await withTempDir(async (project) => {
      const old = await network(project, 'a', { network: { ...fileOf().network, chainId: 1 } })
      await utimes(old, 1_000, 1_000)
      const newer = await network(project, 'b', { network: { ...fileOf().network, chainId: 2 } })
      await utimes(newer, 2_000, 2_000)
      const gone = await network(project, 'c', { pid: NOBODY })
      await utimes(gone, 3_000, 3_000)
      await mkdir(join(project, '.duckmesh', 'models'))
      await mkdir(join(project, '.duckmesh', 'broken'))
      await writeFile(join(project, '.duckmesh', 'broken', 'network.json'), '{')
      const below = join(project, 'packages', 'one')
      await mkdir(below, { recursive: true })
      expect((await findNetworkFile(below)).network.chainId).to.equal(2)
      await rm(newer)
      expect((await findNetworkFile(below)).network.chainId).to.equal(1)
    })
  })

  it('takes a process of another user for alive', async () => {
    await withTempDir(async (project) => {
      // Process 1 is somebody else's, or ours when the test runs as root.
      await network(project, 'a', { pid: 1 })
      expect((await findNetworkFile(project)).pid).to.equal(1)
    })
  })

  it('says how to start a network when none runs', async () => {
    await withTempDir(async (project) => {
      await network(project, 'c', { pid: NOBODY })
      const error = await rejection(findNetworkFile(project))
      expect(error.code).to.equal('NO_PEERS')
      expect(error.message).to.contain('npm start')
      expect(await readFile(join(project, '.duckmesh', 'c', 'network.json'), 'utf8')).to.contain(
        'pid',
      )
    })
  })
})
