import { expect } from 'chai'
import { testRoot } from './support/test-root.ts'
import { expectGone } from './support/processes.ts'
import { killRunning, launch, npm } from './support/run.ts'
import type { Outcome } from './support/run.ts'

/** A job of the report as JSON carries it. */
interface Job {
  kind: string
  text: string
  tokens: number
  seat: string
  bids: {
    provider: string
    owner: string
    score: string
    price: string
    won: boolean
    reason: string
  }[]
  winners: {
    provider: string
    segment: number
    paid: string
    tokens: number
    tokensPerSecond: number | null
    engineTokensPerSecond: number | null
  }[]
  states: { state: string; atMs: number }[]
  auctionMs: number
  ttftMs: number
  totalMs: number
  maxPrice: string
  paid: string
  unspent: string
  seatFee: string
}

/** The report as the issue lists it, read from JSON. */
interface Report {
  peers: { name: string; pid: number; peerId: string | null; address: string | null }[]
  model: { name: string; modelId: string; cid: string }
  jobs: (Job & Record<string, unknown>)[]
  settlement: {
    txs: { hash: string; kind: string; providers: number; vouchers: number; gasUsed: number }[]
    gasPerVoucher: number
    burnt: string
  }
  balances: { before: Record<string, string>; after: Record<string, string> }
  chainTxDuringJobs: number
}

const WEI = /^[0-9]+$/
const ADDRESS = /^0x[0-9a-f]{40}$/
const PROMPT = 'Tell me a story about a brave duck.'
const STATES = ['posted', 'matched', 'awarded', 'accepted', 'running', 'completed', 'finalized']

describe('npm start --silent -- --once --json', function () {
  this.timeout(180_000)
  let outcome: Outcome
  let report: Report
  let stream: Report['jobs'][0]
  let redundant: Report['jobs'][0]

  before(async () => {
    const args = ['start', '--silent', '--', '--once', '--json', '--prompt', PROMPT]
    outcome = await npm(args).done
    expect(outcome.code, outcome.stderr).to.equal(0)
    report = JSON.parse(outcome.stdout) as Report
    const [first, second] = report.jobs
    if (first === undefined || second === undefined) throw new Error('The report lacks a job.')
    stream = first
    redundant = second
  })
  after(killRunning)

  it('prints one JSON object on stdout and nothing else, and people read along on stderr', () => {
    expect(outcome.stdout.trimEnd().split('\n')).to.have.length(1)
    for (const shown of [
      'auction',
      'seat',
      'bid',
      'accept',
      'commits',
      'reveal',
      'agreed',
      'Settled in one batch for the jobs',
    ]) {
      expect(outcome.stderr).to.contain(shown)
    }
  })

  it('has every field of the report, and of both jobs filled', () => {
    const fields = ['peers', 'model', 'jobs', 'settlement', 'balances', 'chainTxDuringJobs']
    expect(report).to.have.all.keys(...fields)
    expect(report.settlement).to.have.all.keys('txs', 'gasPerVoucher', 'burnt')
    expect(report.balances).to.have.all.keys('before', 'after')
    const money = ['maxPrice', 'paid', 'unspent', 'winners', 'seatFee']
    const text = ['kind', 'jobId', 'prompt', 'text', 'tokens']
    const how = ['lane', 'mode', 'replicas', 'seat', 'epoch', 'turn', 'bids', 'agreed']
    const times = ['states', 'auctionMs', 'ttftMs', 'totalMs']
    for (const job of report.jobs) {
      expect(job).to.have.all.keys(...text, ...how, ...money, ...times)
      for (const [field, value] of Object.entries(job)) expect(value, field).to.not.equal(null)
    }
  })

  it('runs a streamed job of one provider and a redundant one of three, both auctioned', () => {
    expect(report.jobs).to.have.length(2)
    expect(stream).to.include({ kind: 'stream', lane: 'auction', mode: 1, replicas: 1 })
    expect(redundant).to.include({ kind: 'redundant', lane: 'auction', mode: 0, replicas: 3 })
    for (const job of report.jobs) {
      expect(job['prompt']).to.equal(PROMPT)
      expect(job['jobId']).to.match(/^0x[0-9a-f]{64}$/)
      expect(job['agreed']).to.equal(true)
      expect(job.tokens).to.be.greaterThan(0)
    }
    expect(stream.text).to.match(/[a-z]{3}/)
    expect(redundant.text, 'greedy answers are the same everywhere').to.equal(stream.text)
    expect(report.model).to.include({ name: 'duckling' })
    expect(report.model.modelId).to.match(/^0x[0-9a-f]{64}$/)
  })

  it('shows the seat, its turn, and every bid with why it won or lost', () => {
    for (const job of report.jobs) {
      expect(job.seat).to.match(ADDRESS)
      expect(job['epoch']).to.be.a('number').greaterThan(0)
      expect(job['turn']).to.be.a('number').within(0, 5)
      expect(job.bids.length).to.be.least(Number(job['replicas']))
      for (const bid of job.bids) {
        expect(bid.provider).to.match(ADDRESS)
        expect(bid.owner).to.equal(bid.provider)
        expect(bid.reason).to.match(/.+\.$/)
        if (bid.won) for (const amount of [bid.score, bid.price]) expect(amount).to.match(WEI)
      }
      const awarded = new Set(job.winners.map(({ provider }) => provider))
      const won = job.bids.filter((bid) => bid.won).map(({ provider }) => provider)
      expect(won).to.have.members([...awarded])
    }
    const scores = stream.bids.map(({ score }) => BigInt(score))
    expect(scores, 'by score').to.deep.equal([...scores].sort((a, b) => (a < b ? -1 : 1)))
    expect(new Set(redundant.winners.map(({ provider }) => provider)).size).to.be.least(3)
  })

  it('tells how fast each provider drew: as the client saw it, and as its engine counted it', () => {
    for (const { kind, tokens, winners } of report.jobs) {
      const drawn = winners.map((winner) => winner.tokens)
      if (kind === 'redundant') for (const own of drawn) expect(own).to.equal(tokens)
      else expect(drawn.reduce((sum, own) => sum + own, 0)).to.equal(tokens)
      for (const { engineTokensPerSecond, tokensPerSecond } of winners) {
        expect(tokensPerSecond).to.be.above(0)
        // Its time is a part of what the client waited for.
        expect(engineTokensPerSecond).to.be.above(tokensPerSecond ?? 0)
      }
    }
    const lines = outcome.stderr.match(/^ {2}speed .* tokens\/s in its engine$/gm)
    expect(lines).to.have.length(report.jobs.flatMap(({ winners }) => winners).length)
  })

  it('tells every state in order, in milliseconds after the order', () => {
    const names = stream.states.map(({ state }) => state)
    // A busy machine may need a second auction; it is told like the first.
    expect(names.filter((name, at) => name !== names[at - 1])).to.deep.equal(STATES)
    for (const job of report.jobs) {
      const times = job.states.map(({ atMs }) => atMs)
      expect(times[0]).to.equal(0)
      expect(times).to.deep.equal([...times].sort((a, b) => a - b))
      expect(job.states.at(-1)?.state).to.equal('finalized')
      expect(job.auctionMs).to.be.greaterThan(0)
      expect(job.ttftMs).to.be.greaterThan(0)
      expect(job.totalMs).to.be.least(job.ttftMs)
    }
  })

  it('names every peer as a process of its own with a real address', () => {
    const providers = Array.from({ length: 5 }, (_, n) => `provider-${n}`)
    const names = report.peers.map(({ name }) => name)
    expect(names).to.deep.equal(['anvil', 'seed', ...providers, 'client'])
    expect(new Set(report.peers.map(({ pid }) => pid)).size).to.equal(8)
    for (const { address, name, peerId } of report.peers.slice(1, -1)) {
      expect(address, name).to.match(/^\/ip4\/127\.0\.0\.1\/tcp\/[1-9][0-9]*\/p2p\//)
      expect(address, name).to.contain(String(peerId))
    }
  })

  it('gives amounts as decimal strings, and paid and unspent are the maximum price', () => {
    for (const job of report.jobs) {
      for (const amount of [job.maxPrice, job.paid, job.unspent, job.seatFee]) {
        expect(amount).to.match(WEI)
      }
      expect(BigInt(job.paid) > 0n).to.equal(true)
      expect(BigInt(job.paid) + BigInt(job.unspent)).to.equal(10n ** 18n)
      const parts = job.winners.map(({ paid }) => BigInt(paid))
      expect(parts.reduce((sum, part) => sum + part, 0n)).to.equal(BigInt(job.paid))
      expect(BigInt(job.seatFee), '1 % rounded up').to.equal((BigInt(job.paid) + 99n) / 100n)
    }
  })

  it('redeems after the jobs, those of all providers in one transaction, and sends none during them', () => {
    const { gasPerVoucher, txs } = report.settlement
    const [batch, ...others] = txs.filter(({ kind }) => kind === 'jobs')
    expect(others, 'one settlement batch').to.deep.equal([])
    const paid = new Set(
      report.jobs.flatMap(({ winners }) => winners.map(({ provider }) => provider)),
    )
    expect(paid.size).to.be.least(3)
    // One payer, so each provider holds one voucher for all its jobs.
    expect(batch).to.include({ providers: paid.size, vouchers: paid.size })
    const seats = new Set(report.jobs.map(({ seat }) => seat))
    const fees = txs.filter(({ kind }) => kind === 'service')
    expect(fees).to.have.length(seats.size)
    for (const fee of fees) expect(fee).to.include({ providers: 1, vouchers: 1 })
    expect(txs).to.have.length(1 + seats.size)
    expect(new Set(txs.map(({ hash }) => hash)).size).to.equal(txs.length)
    for (const { gasUsed, hash, vouchers } of txs) {
      expect(hash).to.match(/^0x[0-9a-f]{64}$/)
      expect(vouchers).to.be.least(1)
      expect(gasUsed).to.be.greaterThan(21_000)
    }
    expect(gasPerVoucher).to.be.greaterThan(0)
    expect(report.chainTxDuringJobs).to.equal(0)
  })

  it('adds up to the wei: what the client lost is what the others gained and what was burnt', () => {
    const { after, before } = report.balances
    expect(Object.keys(after)).to.have.members(Object.keys(before))
    const gains = Object.keys(before).map(
      (who) => BigInt(after[who] ?? '0') - BigInt(before[who] ?? '0'),
    )
    const burnt = BigInt(report.settlement.burnt)
    expect(burnt > 0n).to.equal(true)
    expect(gains.reduce((sum, gain) => sum + gain)).to.equal(-burnt)
    const losers = gains.filter((gain) => gain < 0n)
    expect(losers, 'only the client paid').to.have.length(1)
    const due = report.jobs.reduce((sum, job) => sum + BigInt(job.paid) + BigInt(job.seatFee), 0n)
    expect(-(losers[0] ?? 0n) >= due, 'the vouchers cover the receipts').to.equal(true)
  })

  it('leaves no process and no port', async () => {
    const ports = report.peers.flatMap(
      ({ address }) => /\/tcp\/([0-9]+)/.exec(address ?? '')?.[1] ?? [],
    )
    expect(ports).to.have.length.least(6)
    await expectGone(
      report.peers.map(({ pid }) => pid),
      ports.map(Number),
    )
  })
})

describe('a main job that cannot be done', function () {
  this.timeout(180_000)
  after(killRunning)

  const cases: { name: string; args: string[]; code: string; exit: number }[] = [
    { name: 'a wrong number of peers', args: ['--peers', '21'], code: 'CONFIG_INVALID', exit: 78 },
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
    const args = ['--once', '--json', '--peers', '1', '--max-price', '0.000001']
    const outcome = await launch(args, { cwd: testRoot() }).done
    expect(outcome.stderr).to.match(/^PRICE_ABOVE_CAP: .*[0-9]+ wei.*Raise maxPrice/m)
    expect(outcome.stdout).to.equal('')
    expect(outcome.code).to.equal(64)
  })
})
