import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import {
  expectGone,
  isRunning,
  killAll,
  listeningPorts,
  parentOf,
  processTree,
} from './support/processes.ts'
import { duckmesh, killRunning, launch, npm } from './support/run.ts'
import type { Running } from './support/run.ts'
import { testFolder, testRoot } from './support/test-root.ts'
import { until } from './support/until.ts'

/** anvil, its keeper, the seed, the one peer, the client, the launcher. */
const PROCESSES = 6
const ONE = ['--peers', '1']

interface Alive {
  pids: number[]
  ports: number[]
}

/** What is there when the network stays up. */
async function whenUp(launcher: Running): Promise<Alive> {
  await until(
    'the network stays up',
    () => launcher.stdout.includes('Ctrl-C ends every process'),
    90_000,
  )
  const pids = processTree(launcher.pid)
  return { pids, ports: listeningPorts(pids) }
}

/** What is there as soon as that many processes run. */
async function whenStarted(launcher: Running, count: number): Promise<Alive> {
  return until(
    `${count} processes`,
    () => {
      const pids = processTree(launcher.pid)
      return pids.length >= count ? { pids, ports: listeningPorts(pids) } : undefined
    },
    90_000,
  )
}

async function networkFolders(root: string): Promise<string[]> {
  const names = await readdir(join(root, '.duckmesh'))
  return names.filter((name) => name.startsWith('devnet-'))
}

describe('processes of npm start', function () {
  this.timeout(180_000)
  let left: number[] = []

  afterEach(() => {
    killRunning()
    killAll(left.filter(isRunning))
    left = []
  })

  it('shows the job to people, serves `duckmesh chat`, and Ctrl-C ends every process, port and folder', async () => {
    const cwd = await testFolder('people')
    const launcher = launch(ONE, { cwd })
    const { pids, ports } = await whenUp(launcher)
    left = pids
    expect(pids).to.have.length(PROCESSES)
    expect(ports, 'anvil, seed tcp and ws, peer tcp, ws and http').to.have.length(6)
    for (const state of [
      'posted',
      'matched',
      'awarded',
      'accepted',
      'running',
      'completed',
      'finalized',
    ]) {
      expect(launcher.stdout).to.match(new RegExp(`^ *[0-9]+ ms {2}${state}`, 'm'))
    }
    expect(launcher.stdout).to.match(/^ {2}voucher {3}\+[0-9.]+ DUCK/m)
    expect(launcher.stdout).to.match(
      /^ {2}receipt {3}0x[0-9a-f]{8}… step 1, the last: [0-9]+ tokens in, [0-9]+ out, [0-9.]+ DUCK/m,
    )
    expect(launcher.stdout).to.match(/^Price [0-9.]+ DUCK/m)
    expect(launcher.stdout).to.match(
      /0x[0-9a-f]{64} {2}1 job voucher\(s\) of 1 provider\(s\), [0-9]+ gas/,
    )
    expect(launcher.stdout).to.match(
      /0x[0-9a-fA-F]{40} {2}[0-9.]+ DUCK -> [0-9.]+ DUCK {2}\(\+[0-9.]+ DUCK\)/,
    )
    const [, shown = ''] = /http:\/\/127\.0\.0\.1:([0-9]+)/.exec(launcher.stdout) ?? []
    expect(ports, 'the printed address is real').to.include(Number(shown))

    const answer = await duckmesh(['chat', 'What is the capital of Norway?'], { cwd })
    expect(answer.code, answer.stderr).to.equal(0)
    expect(answer.stdout.trim()).to.equal('The capital of Norway is Oslo.')
    expect(answer.stderr).to.match(
      /[0-9]+ tokens in .* paid [0-9.]+ DUCK to 0x[0-9a-f]{40}, job 0x[0-9a-f]{64}/,
    )

    process.kill(launcher.pid, 'SIGINT')
    expect((await launcher.done).code).to.equal(130)
    await expectGone(pids, ports)
    expect(await networkFolders(cwd)).to.deep.equal([])
    const [nobody] = await Promise.all([duckmesh(['chat', 'Hello'], { cwd })])
    expect(nobody.stderr).to.match(/^NO_PEERS: .*npm start/)
  })

  it('ends every process when it gets SIGTERM during the job', async () => {
    const launcher = launch([...ONE, '--json'], { cwd: testRoot() })
    const { pids, ports } = await until(
      'the job is posted',
      async () =>
        launcher.stderr.includes('posted') ? whenStarted(launcher, PROCESSES) : undefined,
      90_000,
    )
    left = pids
    process.kill(launcher.pid, 'SIGTERM')
    const { code, stdout } = await launcher.done
    expect(code).to.equal(130)
    expect(stdout, 'no report of half a job').to.equal('')
    await expectGone(pids, ports)
  })

  it('exits at the second Ctrl-C without waiting for a process that does not end', async () => {
    const launcher = launch(ONE, { cwd: testRoot() })
    const { pids, ports } = await whenUp(launcher)
    left = pids
    const stuck = pids.find((pid) => pid !== launcher.pid && parentOf(pid) === launcher.pid) ?? 0
    process.kill(stuck, 'SIGSTOP')
    let exited = false
    void launcher.done.then(() => (exited = true))
    // As npm passes it on, one press may come twice at once: that is not yet impatience.
    process.kill(launcher.pid, 'SIGINT')
    process.kill(launcher.pid, 'SIGINT')
    await until('it says that it stops', () => launcher.stdout.includes('Stopping every process'))
    expect(isRunning(launcher.pid), 'two signals in a moment are one press').to.equal(true)
    await until('it exits', () => {
      if (!exited) process.kill(launcher.pid, 'SIGINT')
      return exited
    })
    expect((await launcher.done).code).to.equal(130)
    expect(isRunning(stuck), 'nobody waited for it').to.equal(true)
    process.kill(stuck, 'SIGCONT')
    await expectGone(pids, ports)
  })

  it('leaves no process when the launcher is killed with -9, and the next start removes its folder', async () => {
    const cwd = await testFolder('killed')
    const launcher = launch(ONE, { cwd })
    const { pids, ports } = await whenUp(launcher)
    left = pids
    process.kill(launcher.pid, 'SIGKILL')
    await launcher.done
    await expectGone(pids, ports)
    const [orphan = ''] = await networkFolders(cwd)
    expect(orphan).to.match(/^devnet-/)
    const next = launch([...ONE, '--once'], { cwd })
    await until('the next one starts', () => next.stdout.includes('Starting a chain'))
    await until('the folder is gone', () => !existsSync(join(cwd, '.duckmesh', orphan)))
    next.kill()
    await next.done
  })

  for (const count of [3, 5]) {
    it(`leaves no process when the launcher is killed with -9 as soon as ${count} processes run`, async () => {
      const launcher = launch(ONE, { cwd: testRoot() })
      const { pids, ports } = await whenStarted(launcher, count)
      left = pids
      process.kill(launcher.pid, 'SIGKILL')
      await launcher.done
      await expectGone(pids, ports)
    })
  }

  it('leaves no process when npm is killed with -9', async () => {
    const start = npm(['start', '--silent', '--', ...ONE, '--json'])
    const { pids, ports } = await until(
      'the network is up',
      async () => (start.stderr.includes('finalized') ? whenStarted(start, PROCESSES) : undefined),
      90_000,
    )
    left = pids
    process.kill(start.pid, 'SIGKILL')
    await expectGone(pids, ports)
  })
})
