import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { USAGE } from '../src/parse-args.ts'
import { withTempDir } from './temp-dir.ts'

const BIN = fileURLToPath(new URL('../bin/bootnode.js', import.meta.url))

/** Starts the seed's process with an IPC channel, as a launcher does. */
function start(args: string[]): ChildProcess {
  const execArgv = ['--conditions=@duckmesh/source']
  return fork(BIN, args, { execArgv, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
}

async function finished(args: string[]): Promise<{ code: unknown; out: string; err: string }> {
  const child = start(args)
  const text = { out: '', err: '' }
  child.stdout?.on('data', (part: Buffer) => (text.out += part.toString()))
  child.stderr?.on('data', (part: Buffer) => (text.err += part.toString()))
  const [code] = (await once(child, 'close')) as unknown[]
  return { code, ...text }
}

/** A running seed and the line it printed when it was ready. */
async function ready(folder: string): Promise<{ child: ChildProcess; line: unknown }> {
  const child = start(['--data-dir', folder, '--port', '0', '--ws-port', '0', '--local'])
  const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as string[]
  return { child, line: JSON.parse(line!) }
}

async function exitOf(child: ChildProcess): Promise<unknown> {
  const [code] = (await once(child, 'exit')) as unknown[]
  return code
}

describe('bootnode', () => {
  it('explains its options', async () => {
    expect(await finished(['--help'])).to.deep.equal({ code: 0, out: USAGE, err: '' })
  })

  it('exits with 78 and the code when an option is wrong', async () => {
    const { code, err, out } = await finished(['--port', 'many'])
    expect(code).to.equal(78)
    expect(err).to.match(/^CONFIG_INVALID: --port must be/)
    expect(out).to.equal('')
  })

  it('tells its addresses in one JSON line, and ends in order on SIGTERM', async () => {
    await withTempDir(async (folder) => {
      const { child, line } = await ready(folder)
      expect(line).to.have.property('event', 'ready')
      const { addresses, peerId } = line as { addresses: string[]; peerId: string }
      expect(addresses).to.have.length(2)
      expect(addresses[0]).to.contain(peerId)
      const exit = exitOf(child)
      child.kill('SIGTERM')
      expect(await exit).to.equal(0)
    })
  })

  it('ends when the channel to its launcher closes', async () => {
    await withTempDir(async (folder) => {
      const { child } = await ready(folder)
      const exit = exitOf(child)
      child.disconnect()
      expect(await exit).to.equal(0)
    })
  })

  it('ends when its launcher was gone before it was ready', async () => {
    await withTempDir(async (folder) => {
      const child = start(['--data-dir', folder, '--port', '0', '--ws-port', '0', '--local'])
      const exit = exitOf(child)
      child.disconnect()
      expect(await exit).to.equal(0)
    })
  })
})
