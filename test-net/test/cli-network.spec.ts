import { once } from 'node:events'
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import type { JobTranscript } from '@duckmesh/sdk'
import { expectGone, isRunning, killAll, listeningPorts, processTree } from './support/processes.ts'
import { duckmesh, killRunning, repositoryFile } from './support/run.ts'
import type { Outcome } from './support/run.ts'
import { nodeChild } from '../src/processes/node-child.ts'
import { testRoot } from './support/test-root.ts'
import { until } from './support/until.ts'

const NORWAY = 'What is the capital of Norway?'
const OSLO = 'The capital of Norway is Oslo.'

/** What `chat --json` prints. */
interface Answer {
  jobId: string
  lane: string
  text: string
  paid: string
  agreed: boolean | null
  providers: string[]
}

interface Status {
  provider: string
  gateway: string
  models: { name: string }[]
  market: { heard: number; bids: number }
}

describe('the command line on a network that `duckmesh devnet` runs', function () {
  this.timeout(180_000)
  let network: ChildProcess
  let pids: number[] = []
  let told = ''

  before(async () => {
    const program = repositoryFile('node/bin/duckmesh.js')
    const { args, command, env } = nodeChild(testRoot(), [program, 'devnet', '--peers', '3'])
    const stdio = ['ignore', 'pipe', 'inherit'] as const
    network = spawn(command, args, {
      cwd: testRoot(),
      env: { ...process.env, ...env },
      stdio: [...stdio],
    })
    network.stdout?.setEncoding('utf8').on('data', (text: string) => (told += text))
    await until('the network is up', () => isUp(), 90_000)
    pids = processTree(network.pid ?? -1)
  })
  after(() => {
    killRunning()
    killAll([...pids].filter(isRunning))
  })

  /** Fails at once when it ended instead. */
  function isUp(): boolean {
    expect(network.exitCode).to.equal(null)
    return told.includes('The network stays up')
  }

  const run = (...args: string[]): Promise<Outcome> => duckmesh(args, { cwd: testRoot() })

  async function json<T>(...args: string[]): Promise<T> {
    const { code, stderr, stdout } = await run('--json', ...args)
    expect(code, stderr).to.equal(0)
    return JSON.parse(stdout) as T
  }

  it('starts as many peers as it was told, and says what to try', async () => {
    expect(told).to.contain('npx duckmesh why').and.contain('Ctrl-C ends every process')
    const all = await json<Status[]>('status')
    expect(all).to.have.length(3)
    expect(new Set(all.map(({ provider }) => provider)).size).to.equal(3)
    for (const { models } of all) expect(models.map(({ name }) => name)).to.include('duckling')
  })

  it('chats by auction, and `why` tells who won it and what it cost', async () => {
    const answer = await json<Answer>('chat', NORWAY)
    expect(answer).to.include({ text: OSLO, lane: 'auction', agreed: null })
    const { stdout } = await run('why')
    expect(stdout).to.match(new RegExp(`^Job ${answer.jobId}\n  finalized\n`))
    expect(stdout).to.match(/Auction 1: epoch [0-9]+, turn [0-9]+, shard [0-9]+, [0-9]+ ms/)
    expect(stdout).to.match(/^ {2}bid {3}0x[0-9a-f]{40} {2}1\. winner +0\.[0-9]+ DUCK/m)
    const record = await json<JobTranscript>('why', answer.jobId.slice(0, 18))
    expect(record).to.include({ jobId: answer.jobId, paid: answer.paid, state: 'finalized' })
    const [winner] = record.auctions.at(-1)?.bids ?? []
    expect(winner).to.include({ role: 'winner', provider: answer.providers[0] })
    expect(record.fee?.amount).to.match(/^[0-9]+$/)
  })

  it('chats with three providers that agree', async () => {
    // At the start of a network some peers are not known to the seats yet.
    const answer = await until('three bid', async () => {
      const { code, stdout } = await run('--json', 'chat', NORWAY, '--redundant', '3')
      return code === 0 && (JSON.parse(stdout) as Answer)
    })
    expect(answer).to.include({ text: OSLO, lane: 'auction', agreed: true })
    expect(new Set(answer.providers).size).to.equal(3)
    const { stdout } = await run('why', answer.jobId)
    expect(stdout).to.contain('redundant, 3 members').and.contain('the members agree')
  })

  it('chats without an auction', async () => {
    const answer = await json<Answer>('chat', NORWAY, '--direct')
    expect(answer).to.include({ text: OSLO, lane: 'direct' })
    const record = await json<JobTranscript>('why', answer.jobId)
    expect(record.auctions).to.deep.equal([])
    const both = await run('chat', NORWAY, '--direct', '--redundant', '3')
    expect(both.stderr).to.match(/^SPEC_INVALID: lane must be "auction"/)
    expect(both.code).to.equal(64)
  })

  it('knows the jobs of a gateway too', async () => {
    const [{ gateway } = { gateway: '' }] = await json<Status[]>('status')
    const response = await fetch(`${gateway}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'duckling', messages: [{ role: 'user', content: NORWAY }] }),
    })
    const { id } = (await response.json()) as { id: string }
    await until('its record is stored', async () => (await run('why', id)).code === 0)
  })

  it('tells in `status --why` what the peers heard and did', async () => {
    const { code, stdout } = await run('status', '--why')
    expect(code).to.equal(0)
    expect(stdout.match(/^Provider 0x/gm)).to.have.length(3)
    expect(stdout).to.match(/heard [1-9][0-9]* jobs, bid on [1-9][0-9]*, won [0-9]+/)
    const [one] = await json<Status[]>('status')
    const alone = await json<Status>('status', '--gateway', one?.gateway ?? '')
    expect(alone.provider).to.equal(one?.provider)
  })

  it('refuses what it cannot do, with the codes of the registry', async () => {
    const unknown = await run('why', '0xffffffffffff')
    expect(unknown.stderr).to.match(/^JOB_UNKNOWN: /)
    const nobody = await run('status', '--gateway', 'http://127.0.0.1:1')
    expect(nobody.stderr).to.match(/^NO_PEERS: /)
    expect(nobody.code).to.equal(69)
    const many = await run('devnet', '--peers', '21')
    expect(many.stderr).to.match(/^CONFIG_INVALID: --peers must be 1 to 20/)
    expect(many.code).to.equal(78)
  })

  it('ends every process and removes its data at Ctrl-C', async () => {
    const ports = listeningPorts(pids)
    expect(pids.length).to.be.greaterThan(6)
    expect(ports).to.not.deep.equal([])
    const ended = once(network, 'exit')
    network.kill('SIGINT')
    expect((await ended)[0]).to.equal(130)
    await expectGone(pids, ports)
    const left = await readdir(join(testRoot(), '.duckmesh'))
    expect(left.filter((name) => name.startsWith('devnet-'))).to.deep.equal([])
    const none = await run('chat', NORWAY)
    expect(none.stderr).to.match(/^NO_PEERS: /)
  })
})
