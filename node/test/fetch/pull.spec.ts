/** Tests: `duckmesh models pull` as a process, from real peers that the DHT tells, also after kill -9. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { FetchServer, holderKey } from '@duckmesh/protocols/fetch'
import type { Hex } from '@duckmesh/protocols'
import { FETCH_PROTOCOL, buildHello } from '@duckmesh/protocols/mesh'
import { EXIT } from '../../src/cli/exit-codes.ts'
import { ModelStore } from '../../src/models/index.ts'
import { bytesOf, manifestJson, sha256, someBytes, writeTinyModel } from '../models/tiny-model.ts'
import { withTempDir } from '../temp-dir.ts'
import { networkFile, peerParts, share } from './sharing-hosts.ts'
import type { Sharing } from './sharing-hosts.ts'

const CLI = fileURLToPath(new URL('../../bin/duckmesh.js', import.meta.url))
const MIB = 1024 * 1024

interface Line {
  type: string
  have?: number
  bytes?: number
  holders?: number
}

/** The command with --json; `onLine` may end it. */
async function pull(
  args: readonly string[],
  onLine: (line: Line, child: ChildProcess) => void = () => undefined,
): Promise<{ code: number | null; lines: Line[]; error: string }> {
  const flags = ['--conditions=@duckmesh/source', '--disable-warning=ExperimentalWarning']
  const child = spawn(process.execPath, [...flags, CLI, '--json', 'models', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines: Line[] = []
  let error = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (error += text))
  const ended = once(child, 'close')
  for await (const text of createInterface({ input: child.stdout })) {
    const line = JSON.parse(text) as Line
    lines.push(line)
    onLine(line, child)
  }
  const [code] = (await ended) as [number | null]
  return { code, lines, error }
}

describe('duckmesh models pull', function () {
  this.timeout(120_000)
  const sharing: Sharing[] = []

  afterEach(async () => {
    await Promise.all(sharing.splice(0).map((one) => one.stop()))
  })

  /** A model in a store, shared by some peers, all announced. */
  async function shared(folder: string, peers: number, files: Record<string, Uint8Array>) {
    const source = await writeTinyModel(join(folder, 'source'), 'tiny', files)
    const from = join(folder, 'from')
    await (await ModelStore.at(from)).add(join(folder, 'source'))
    for (let i = 0; i < peers; i++) sharing.push(await share(folder, from, sharing[0]?.host))
    const hosts = sharing.map(({ host }) => host)
    if (hosts[0] === undefined) throw new TypeError('nobody shares')
    const network = await networkFile(folder, hosts[0])
    return { ...source, from, network, to: join(folder, 'to') }
  }

  it('fetches a model from three peers, and goes on after kill -9 where it was', async () => {
    await withTempDir(async (folder) => {
      const files = { 'model.onnx': someBytes(24 * MIB + 321), 'config.json': someBytes(500) }
      const { cid, modelId, network, to } = await shared(folder, 3, files)
      const args = ['--store', to, 'pull', cid, '--network', network]
      const killed = await pull(args, (line, child) => {
        if ((line.have ?? 0) >= 6 * MIB) child.kill('SIGKILL')
      })
      expect(killed.code, killed.error).to.equal(null)
      const store = await ModelStore.at(to)
      expect(await store.list()).to.deep.equal([])
      const again = await pull(args)
      expect(again.code, again.error).to.equal(0)
      const first = again.lines.find(({ type }) => type === 'progress')
      expect(first?.have).to.be.at.least(6 * MIB)
      expect(Math.max(...again.lines.map(({ holders = 0 }) => holders))).to.equal(3)
      expect(again.lines.at(-1)).to.include({ type: 'done', cid, modelId })
      expect((await store.list()).map((model) => model.cid)).to.deep.equal([cid])
      // Pulled by its id, and there already: nothing is fetched.
      const third = await pull(['--store', to, 'pull', modelId, '--network', network])
      expect(third.code, third.error).to.equal(0)
      expect((await store.find('tiny')).bytes).to.equal(24 * MIB + 321 + 500)
    })
  })

  it('ends at Ctrl-C with CANCELLED and keeps what it has', async () => {
    await withTempDir(async (folder) => {
      const { cid, network, to } = await shared(folder, 2, { 'a.bin': someBytes(24 * MIB) })
      const args = ['--store', to, 'pull', cid, '--network', network]
      let isSent = false
      const stopped = await pull(args, (line, child) => {
        // Once: a second Ctrl-C would end it at once.
        if (isSent || (line.have ?? 0) < 2 * MIB) return
        isSent = child.kill('SIGINT')
      })
      expect(stopped.error).to.include('CANCELLED')
      expect(stopped.code).to.equal(EXIT.failure)
      const again = await pull(args)
      expect(again.code, again.error).to.equal(0)
      expect(again.lines.find(({ type }) => type === 'progress')?.have).to.be.at.least(2 * MIB)
    })
  })

  it('refuses a manifest that leads out of the store, though its hash is right', async () => {
    await withTempDir(async (folder) => {
      const { network: file, to } = await shared(folder, 1, { 'a.bin': someBytes(10) })
      const evil = { path: '../../evil', size: 10, sha256: '00'.repeat(32) }
      const bytes = bytesOf({ ...manifestJson('evil', {}), files: [evil] })
      const modelId: Hex = `0x${sha256(bytes)}`
      const parts = await peerParts(folder, sharing[0]?.host ?? expect.fail())
      const { binding, host, network } = parts
      await host.unhandle(FETCH_PROTOCOL)
      const source = {
        manifest: () => Promise.resolve(bytes),
        size: () => Promise.resolve(10),
        read: () => Promise.resolve(new Uint8Array(10)),
      }
      const hello = () => buildHello(network, { peer: binding.current })
      const hash = (data: Uint8Array) => Buffer.from(sha256(data), 'hex')
      const server = new FetchServer({ ...parts, hello, sha256: hash, source })
      await host.handle(FETCH_PROTOCOL, server.handle)
      void host.contentRouting
        .provide(await holderKey(network.name, modelId))
        .catch(() => undefined)
      const outcome = await pull(['--store', to, 'pull', modelId, '--network', file])
      expect(outcome.error).to.include('MODEL_MANIFEST_INVALID')
      expect(outcome.code).to.equal(EXIT.failure)
      expect(await (await ModelStore.at(to)).list()).to.deep.equal([])
    })
  })

  it('says what is wrong with its arguments, and when nobody is there', async () => {
    await withTempDir(async (folder) => {
      const { cid, from, network } = await shared(folder, 1, { 'a.bin': someBytes(10) })
      expect((await pull(['pull', 'duckling', '--network', network])).code).to.equal(EXIT.usage)
      const missing = await pull(['pull', cid, '--network', join(folder, 'none.json')])
      expect(missing.code).to.equal(EXIT.config)
      await Promise.all(sharing.splice(0).map((one) => one.stop()))
      const alone = await pull(['--store', from, 'pull', cid, '--network', network])
      expect(alone.error).to.include('NO_PEERS')
      expect(alone.code).to.equal(EXIT.unavailable)
    })
  })
})
