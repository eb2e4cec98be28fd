import { expect } from 'chai'
import { testRoot } from './support/test-root.ts'
import { expectGone } from './support/processes.ts'
import { killRunning, launch, npm } from './support/run.ts'
import type { Outcome } from './support/run.ts'

/** The report as the issue lists it, read from JSON. */
interface Report {
  peers: { name: string; pid: number; peerId: string | null; address: string | null }[]
  model: { name: string; modelId: string; cid: string }
  jobs: Record<string, unknown>[]
  settlement: { txs: { hash: string; vouchers: number; gasUsed: number }[]; gasPerVoucher: number }
  balances: { before: Record<string, string>; after: Record<string, string> }
  chainTxDuringJobs: number
}

const WEI = /^[0-9]+$/

describe('npm start --silent -- --once --json', function () {
  this.timeout(180_000)
  let outcome: Outcome
  let report: Report
  let job: Record<string, unknown>

  before(async () => {
    const args = [
      'start',
      '--silent',
      '--',
      '--once',
      '--json',
      '--prompt',
      'Tell me a story about a brave duck.',
    ]
    outcome = await npm(args).done
    expect(outcome.code, outcome.stderr).to.equal(0)
    report = JSON.parse(outcome.stdout) as Report
    const [first] = report.jobs
    if (first === undefined) throw new Error('The report has no job.')
    job = first
  })
  after(killRunning)

  it('prints one JSON object on stdout and nothing else, and people read along on stderr', () => {
    expect(outcome.stdout.trimEnd().split('\n')).to.have.length(1)
    expect(report).to.be.an('object')
    expect(outcome.stderr).to.contain('finalized')
  })

  it('has every field of the report', () => {
    expect(report).to.have.all.keys(
      'peers',
      'model',
      'jobs',
      'settlement',
      'balances',
      'chainTxDuringJobs',
    )
    expect(report.settlement).to.have.all.keys('txs', 'gasPerVoucher')
    expect(report.balances).to.have.all.keys('before', 'after')
    const money = ['maxPrice', 'paid', 'unspent', 'winners']
    const text = ['kind', 'jobId', 'prompt', 'text', 'tokens']
    const how = ['lane', 'mode', 'replicas', 'seat', 'epoch', 'turn', 'bids', 'agreed']
    expect(job).to.have.all.keys(
      ...text,
      ...how,
      ...money,
      'states',
      'auctionMs',
      'ttftMs',
      'totalMs',
    )
  })

  it('describes the job: a streamed answer on the direct lane, later fields null', () => {
    expect(job).to.include({ kind: 'stream', lane: 'direct', mode: 1, replicas: 1 })
    for (const later of ['seat', 'epoch', 'turn', 'bids', 'agreed', 'auctionMs']) {
      expect(job[later], later).to.equal(null)
    }
    expect(job['prompt']).to.equal('Tell me a story about a brave duck.')
    expect(job['text'])
      .to.be.a('string')
      .that.matches(/[a-z]{3}/)
    expect(job['tokens']).to.be.a('number').greaterThan(0)
    expect(job['jobId']).to.match(/^0x[0-9a-f]{64}$/)
    expect(report.model).to.include({ name: 'duckling' })
    expect(report.model.modelId).to.match(/^0x[0-9a-f]{64}$/)
  })

  it('tells every state in order, in milliseconds after the order', () => {
    const states = job['states'] as { state: string; atMs: number }[]
    const names = ['posted', 'awarded', 'accepted', 'running', 'completed', 'finalized']
    expect(states.map(({ state }) => state)).to.deep.equal(names)
    const times = states.map(({ atMs }) => atMs)
    expect(times[0]).to.equal(0)
    expect(times).to.deep.equal([...times].sort((a, b) => a - b))
    expect(job['ttftMs']).to.be.a('number').greaterThan(0)
    expect(job['totalMs']).to.be.a('number').least(Number(job['ttftMs']))
  })

  it('names every peer as a process of its own with a real address', () => {
    expect(report.peers.map(({ name }) => name)).to.deep.equal([
      'anvil',
      'seed',
      'provider-0',
      'client',
    ])
    expect(new Set(report.peers.map(({ pid }) => pid)).size).to.equal(4)
    for (const { address, name, peerId } of report.peers.slice(1, 3)) {
      expect(address, name).to.match(/^\/ip4\/127\.0\.0\.1\/tcp\/[1-9][0-9]*\/p2p\//)
      expect(address, name).to.contain(String(peerId))
    }
  })

  it('gives amounts as decimal strings, and paid and unspent are the maximum price', () => {
    for (const amount of [job['maxPrice'], job['paid'], job['unspent']])
      expect(amount).to.match(WEI)
    expect(BigInt(String(job['paid'])) > 0n).to.equal(true)
    expect(BigInt(String(job['paid'])) + BigInt(String(job['unspent']))).to.equal(10n ** 18n)
    const winners = job['winners'] as { provider: string; paid: string }[]
    expect(winners.map(({ paid }) => paid)).to.deep.equal([job['paid']])
    const amounts = [
      ...Object.values(report.balances.before),
      ...Object.values(report.balances.after),
    ]
    for (const amount of amounts) expect(amount).to.match(WEI)
  })

  it('redeems in one transaction with its gas, and sends none during the job', () => {
    const [tx, ...more] = report.settlement.txs
    expect(more).to.deep.equal([])
    expect(tx?.hash).to.match(/^0x[0-9a-f]{64}$/)
    expect(tx?.vouchers).to.equal(1)
    expect(tx?.gasUsed).to.equal(report.settlement.gasPerVoucher)
    expect(report.chainTxDuringJobs).to.equal(0)
  })

  it('adds up to the wei: what the client lost is what the provider gained, at least the receipts', () => {
    const { after, before } = report.balances
    expect(Object.keys(after)).to.have.members(Object.keys(before))
    const gains = Object.keys(before).map(
      (who) => BigInt(after[who] ?? '0') - BigInt(before[who] ?? '0'),
    )
    expect(gains.reduce((sum, gain) => sum + gain)).to.equal(0n)
    const [lost = 0n, gained = 0n] = [...gains].sort((a, b) => (a < b ? -1 : 1))
    expect(gained).to.equal(-lost)
    const paid = BigInt(String(job['paid']))
    const step = firstStepPrice(outcome.stderr)
    expect(gained >= paid, 'the voucher covers the receipts').to.equal(true)
    expect(gained, 'and is what was prepaid for one step').to.equal(step)
  })

  it('leaves no process and no port', async () => {
    const ports = report.peers.flatMap(
      ({ address }) => /\/tcp\/([0-9]+)/.exec(address ?? '')?.[1] ?? [],
    )
    expect(ports).to.have.length.least(2)
    await expectGone(
      report.peers.map(({ pid }) => pid),
      ports.map(Number),
    )
  })
})

/** What people were shown as prepaid, in wei. */
function firstStepPrice(shown: string): bigint {
  const [, whole = '', part = ''] = /voucher {3}\+([0-9]+)\.?([0-9]*) DUCK/.exec(shown) ?? []
  return BigInt(whole + part.padEnd(18, '0'))
}

describe('a main job that cannot be done', function () {
  this.timeout(180_000)
  after(killRunning)

  const cases: { name: string; args: string[]; code: string; exit: number }[] = [
    { name: 'a wrong number of peers', args: ['--peers', '9'], code: 'CONFIG_INVALID', exit: 78 },
    { name: 'an unknown option', args: ['--frobnicate'], code: 'CONFIG_INVALID', exit: 78 },
    {
      name: 'a price that is none',
      args: ['--max-price', 'much'],
      code: 'CONFIG_INVALID',
      exit: 78,
    },
    { name: 'an empty prompt', args: ['--prompt', ''], code: 'PROMPT_EMPTY', exit: 64 },
  ]
  for (const { args, code, exit, name } of cases) {
    it(`ends at once with ${code} for ${name}`, async () => {
      const outcome = await launch(['--once', '--json', ...args], { cwd: testRoot() }).done
      expect(outcome.stderr).to.match(new RegExp(`^${code}: .+`))
      expect(outcome.stdout).to.equal('')
      expect(outcome.code).to.equal(exit)
    })
  }

  it('ends with ANVIL_MISSING and what to do when there is no chain to start', async () => {
    const env = { DUCKMESH_ANVIL: '/nonexistent/anvil' }
    const outcome = await launch(['--once', '--json'], { cwd: testRoot(), env }).done
    expect(outcome.stderr).to.match(/^ANVIL_MISSING: .*npm ci/m)
    expect(outcome.stdout).to.equal('')
    expect(outcome.code).to.equal(1)
  })

  it('ends with PRICE_ABOVE_CAP, leaves nothing behind and prints no report when the cap is too low', async () => {
    const args = ['--once', '--json', '--max-price', '0.000001']
    const outcome = await launch(args, { cwd: testRoot() }).done
    expect(outcome.stderr).to.match(/^PRICE_ABOVE_CAP: .*[0-9]+ wei.*Raise maxPrice/m)
    expect(outcome.stdout).to.equal('')
    expect(outcome.code).to.equal(64)
  })
})
