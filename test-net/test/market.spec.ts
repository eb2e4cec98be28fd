/** Many jobs at a time on a market of five peers: all end, and money, receipts and records tell the same. */
import { expect } from 'chai'
import type { JobTranscript } from '@duckmesh/sdk'
import type { JobReport, SettlementReport } from '../src/index.ts'
import type { JobInput } from '../src/job/run-job.ts'
import { RemoteError } from '../src/processes/remote-error.ts'
import { ENDLESS, TestNet, ownerOf, stopNets, sumOf } from './support/devnets.ts'

const JOBS = 50
const AT_ONCE = 10
/**
 * A machine that runs eight processes and ten jobs on two cores misses the window of 250 ms now and then. What fails for
 * that says that it may be sent again; a client does that this often, and needs it for a few jobs at most.
 */
const TRIES = 4
const SENT_AGAIN = 5
/** Price of one full step at most, wei: 64 tokens in and out of the dearest local provider. */
const MAX_STEP_PRICE = 10n ** 17n
const STATES = ['posted', 'matched', 'awarded', 'accepted', 'running', 'completed', 'finalized']

/** Streamed and redundant jobs, of one step and of several, by turns. */
function wish(n: number): Partial<JobInput> {
  const prompt = `What is ${n} plus 3?`
  switch (n % 5) {
    case 0:
      return { prompt, redundant: 3, maxTokens: 30 }
    case 1:
      return { prompt, maxTokens: 150, sampling: ENDLESS }
    case 2:
      return { prompt, redundant: 3, maxTokens: 100, sampling: ENDLESS }
    default:
      return { prompt }
  }
}

/** What the client tells of a segment that is over. */
interface Ended {
  provider: string
  segment: number
  state: string
  paid: string
}

interface Run {
  wish: Partial<JobInput>
  report: JobReport | undefined
  failures: RemoteError[]
}

describe('fifty mixed jobs on a market of five peers, ten at a time', function () {
  this.timeout(240_000)
  let world: TestNet
  let start: Record<string, bigint>
  let end: Record<string, bigint>
  let settlement: SettlementReport
  const runs: Run[] = []
  let done: JobReport[]

  before(async () => {
    world = await TestNet.start({ providers: 5 })
    start = await world.balances()
    const wishes = Array.from({ length: JOBS }, (_, n) => wish(n))
    const next = wishes.values()
    await Promise.all(Array.from({ length: AT_ONCE }, () => runAll(next)))
    done = runs.flatMap(({ report }) => report ?? [])
    settlement = await world.settle()
    end = await world.balances()
  })
  after(stopNets)

  async function runAll(wishes: Iterable<Partial<JobInput>>): Promise<void> {
    for (const one of wishes) {
      const run: Run = { wish: one, report: undefined, failures: [] }
      runs.push(run)
      while (run.report === undefined && run.failures.length < TRIES) await runOnce(run)
    }
  }

  async function runOnce(run: Run): Promise<void> {
    try {
      run.report = await world.auction(run.wish)
    } catch (error) {
      if (!(error instanceof RemoteError)) throw error
      run.failures.push(error)
    }
  }

  it('are all finalized in the end; what failed on the way says that it may be sent again', () => {
    expect(runs).to.have.length(JOBS)
    const failures = runs.flatMap((run) => run.failures)
    for (const { code, message, retryable } of failures) {
      expect(retryable, `${code}: ${message}`).to.equal(true)
    }
    const codes = failures.map(({ code }) => code).join(' ')
    expect(codes, 'the client never hangs').to.not.include('CHILD_FAILED')
    process.stdout.write(`      ${JOBS} jobs, ${failures.length} sent again ${codes}\n`)
    const again = runs.filter((run) => run.failures.length > 0)
    expect(again.length, 'nearly all at the first try').to.be.most(SENT_AGAIN)
    expect(done).to.have.length(JOBS)
    for (const { lane, states } of done) {
      expect(states.at(-1)?.state).to.equal('finalized')
      expect(lane).to.equal('auction')
    }
  })

  it('give the text that was asked for, as long as it was asked for', () => {
    for (const { report, wish: asked } of runs) {
      if (report === undefined) continue
      expect(report.text).to.not.equal('')
      expect(report.agreed).to.equal(true)
      expect(report.kind).to.equal(asked.redundant === undefined ? 'stream' : 'redundant')
      if (asked.sampling !== undefined) expect(report.tokens).to.equal(asked.maxTokens)
    }
  })

  it('go through every state in order', () => {
    for (const { kind, states } of done) {
      const names = states.map(({ state }) => state)
      // A member of one step goes from accepted to its last commitment.
      const all = STATES.filter((name) => kind === 'stream' || name !== 'running')
      const told = names.filter((name, n) => name !== names[n - 1])
      expect(told.filter((name) => all.includes(name))).to.deep.equal(all)
    }
  })

  it('are served by whoever bid best, and redundant ones by three owners', () => {
    for (const { bids, kind, winners } of done) {
      const owners = new Set(winners.map(({ provider }) => provider))
      const all = bids ?? []
      for (const owner of owners) expect(all.map(({ provider }) => provider)).to.include(owner)
      if (kind === 'redundant') expect(owners.size).to.be.least(3)
      else if (winners.length === 1) {
        expect(all[0]).to.include({ provider: winners[0]?.provider, won: true })
      }
    }
    const served = new Set(done.flatMap(({ winners }) => winners.map(({ provider }) => provider)))
    expect(served.size, 'draws reach beyond the cheapest').to.be.least(4)
  })

  it('cost each what its receipts say, and the seat 1 % of that', () => {
    for (const { maxPrice, paid, seatFee, unspent, winners } of done) {
      expect(winners.reduce((sum, part) => sum + part.paid, 0n)).to.equal(paid)
      expect(paid + unspent).to.equal(maxPrice)
      expect(seatFee).to.equal((paid + 99n) / 100n)
    }
  })

  it('end with a voucher for all that is paid: each channel redeems its last one, with credit of a few steps at most', async () => {
    const ended = world.jobEvents('segmentEnd').map(({ outcome }) => outcome as Ended)
    for (const provider of world.net.providers) {
      const { cumulative } = world.told(provider)
      const { redeemed } = await world.channel(provider)
      expect(redeemed, provider.name).to.equal(cumulative)
      const own = ended.filter((segment) => segment.provider === ownerOf(provider))
      const credit = redeemed - own.reduce((sum, { paid }) => sum + BigInt(paid), 0n)
      const inBounds = credit >= 0n && credit <= BigInt(AT_ONCE) * MAX_STEP_PRICE
      expect(inBounds, `${provider.name} holds a credit of ${credit} wei`).to.equal(true)
    }
  })

  it('are paid to the wei what the receipts of their segments say', () => {
    for (const { jobId, winners } of done) {
      const receipts = world.jobEvents('receipt').filter((event) => event['jobId'] === jobId)
      const finished = world.jobEvents('segmentEnd').filter((event) => event['jobId'] === jobId)
      for (const { outcome } of finished) {
        const { paid, segment, state } = outcome as Ended
        const own = receipts.filter((event) => event['segment'] === segment)
        const amounts = own.map(({ receipt }) => BigInt((receipt as { amount: string }).amount))
        const sum = amounts.reduce((total, amount) => total + amount, 0n)
        // The last commitment of a member that was lost before its release is not paid (rule R-12).
        if (state === 'finalized') expect(BigInt(paid)).to.equal(sum)
        else expect(BigInt(paid) <= sum).to.equal(true)
        const told = winners.find((winner) => winner.segment === segment)
        expect(told?.paid).to.equal(BigInt(paid))
      }
    }
  })

  it('pay each seat the sum of its fees', async () => {
    for (const provider of world.net.providers) {
      const matched = done.filter(({ seat }) => seat === ownerOf(provider))
      const fees = matched.reduce((sum, { seatFee }) => sum + seatFee, 0n)
      const { redeemedBy } = await world.service(provider)
      // A job that failed after it was paid in part has a fee too.
      const isClean = runs.every(({ failures }) => failures.length === 0)
      expect(isClean ? redeemedBy === fees : redeemedBy >= fees, provider.name).to.equal(true)
    }
  })

  it('move no wei that is not accounted for: the client pays, providers gain, 1 % is burnt', async () => {
    const client = Object.keys(start).find((who) => (end[who] ?? 0n) < (start[who] ?? 0n)) ?? ''
    const channels = await Promise.all(world.net.providers.map((one) => world.channel(one)))
    const [first] = world.net.providers
    if (first === undefined) throw new TypeError('There is no provider.')
    const { redeemed: fees } = await world.service(first)
    const spent = channels.reduce((sum, { redeemed }) => sum + redeemed, fees)
    expect((start[client] ?? 0n) - (end[client] ?? 0n), 'what the client lost').to.equal(spent)
    expect(sumOf(start) - sumOf(end), 'what all lost').to.equal(settlement.burnt)
    const vouchers = settlement.txs.reduce((sum, tx) => sum + tx.vouchers, 0)
    const rounded = settlement.burnt - spent / 100n
    const isPercent = rounded >= -BigInt(vouchers) && rounded <= BigInt(vouchers)
    expect(isPercent, `${settlement.burnt} of ${spent}`).to.equal(true)
  })

  it('leave a record each, from which `why` tells the same as the report', async () => {
    for (const job of done) {
      const record = await world.transcript(job.jobId)
      expect(record, job.jobId).to.not.equal(null)
      expectSame(record, job)
    }
  })

  function expectSame(record: JobTranscript, job: JobReport): void {
    const { lane, mode, replicas, seat } = job
    expect(record).to.include({ lane, mode, replicas, state: 'finalized', paid: `${job.paid}` })
    expect(record.fee).to.deep.equal({ seat, amount: `${job.seatFee}` })
    const auction = record.auctions.at(-1)
    expect(auction).to.include({ epoch: job.epoch, turn: job.turn, auctionMs: job.auctionMs })
    expect(auction?.seats.filter(({ primary }) => primary).map(({ owner }) => owner)).to.deep.equal(
      [seat],
    )
    const parts = record.segments.map(({ paid, provider, segment, tokens }) => {
      return { provider, segment, paid: BigInt(paid), tokens }
    })
    expect(parts).to.deep.equal(
      job.winners.map(({ paid, provider, segment, tokens }) => {
        return { provider, segment, paid, tokens }
      }),
    )
    const told = auction?.bids.map(({ provider, score, why }) => ({ provider, score, why }))
    expect(told).to.deep.equal(
      job.bids?.map(({ provider, reason, score }) => {
        return { provider, score: score === null ? undefined : `${score}`, why: reason }
      }),
    )
  }

  it('were matched within the window and a little, at the median', () => {
    const times = done.flatMap(({ auctionMs }) => auctionMs ?? []).sort((a, b) => a - b)
    const median = times[times.length >> 1] ?? 0
    // The figure of the issue, 60 ms above the window, is for an idle machine: the benchmark tells it.
    process.stdout.write(`      auctionMs: median ${median}, most ${times.at(-1)}\n`)
    expect(median).to.be.greaterThan(0)
    expect(median, 'no auction waits for a dead seat').to.be.below(4_000)
  })
})
