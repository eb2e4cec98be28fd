import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { devnet } from '../../src/cli/devnet.ts'
import { withTempDir } from '../temp-dir.ts'

/** Stands for the network: notes how it was started, then does what the test wants. */
async function withProgram(
  source: string,
  use: (program: string, notes: string) => Promise<void>,
): Promise<void> {
  await withTempDir(async (folder) => {
    const [program, notes] = [join(folder, 'network.mjs'), join(folder, 'notes.json')]
    const head = `import { appendFileSync } from 'node:fs'
      const note = (line) => appendFileSync(${JSON.stringify(notes)}, JSON.stringify(line) + '\\n')
      note(process.argv.slice(2))
      note(process.execArgv)
      note(typeof process.send)
    `
    await writeFile(program, head + source)
    await use(program, notes)
  })
}

async function notesIn(path: string): Promise<unknown[]> {
  const lines = (await readFile(path, 'utf8').catch(() => '')).trim().split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as unknown)
}

async function exitCodeAfter(work: Promise<void>): Promise<typeof process.exitCode> {
  const before = process.exitCode
  try {
    await work
    return process.exitCode
  } finally {
    process.exitCode = before
  }
}

describe('duckmesh devnet', () => {
  it('starts the network without jobs and ends with its exit code', async () => {
    await withProgram('process.exit(7)', async (program, notes) => {
      expect(await exitCodeAfter(devnet({ program, peers: 3, json: true }))).to.equal(7)
      const [args, flags, send] = await notesIn(notes)
      expect(args).to.deep.equal(['--no-jobs', '--peers', '3', '--json'])
      expect(flags).to.include('--conditions=@duckmesh/source')
      expect(send, 'it sees when this process is gone').to.equal('function')
    })
    await withProgram('', async (program, notes) => {
      expect(await exitCodeAfter(devnet({ program, json: false }))).to.equal(0)
      expect((await notesIn(notes))[0]).to.deep.equal(['--no-jobs'])
    })
  })

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    it(`passes ${signal} on, waits for the end, and listens no more`, async () => {
      const waits = `process.on('${signal}', () => process.exit(130))
        setInterval(() => undefined, 1_000)
        note('ready')`
      await withProgram(waits, async (program, notes) => {
        const before = process.listenerCount(signal)
        const ended = exitCodeAfter(devnet({ program, json: false }))
        while ((await notesIn(notes)).length < 4) await new Promise((next) => setImmediate(next))
        // As the system tells a process of a signal.
        process.emit(signal, signal)
        expect(await ended).to.equal(130)
        expect(process.listenerCount(signal)).to.equal(before)
      })
    })
  }

  it('exits with 1 when the network was killed', async () => {
    await withProgram("process.kill(process.pid, 'SIGKILL')", async (program) => {
      expect(await exitCodeAfter(devnet({ program, json: false }))).to.equal(1)
    })
  })
})
