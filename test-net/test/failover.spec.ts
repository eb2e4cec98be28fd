/** Processes that die in the middle of an auctioned job: the job goes on, and everybody is paid for its own part. */
import { expect } from 'chai'
import type { Receipt } from '@duckmesh/protocols'
import { STAKE } from '../src/chain/network-funder.ts'
import type { DevnetProvider, JobReport } from '../src/index.ts'
import { codeOf } from './support/code-of.ts'
import { ENDLESS, TestNet, ownerOf, stopNets, sumOf } from './support/devnets.ts'
import type { ToldEvent } from './support/devnets.ts'
import { startHookedClient } from './support/hooked-client.ts'
import { until } from './support/until.ts'

const SEED = `0x${'5e'.repeat(32)}` as const
/** Five steps, drawn with temperature from a fixed seed. */
const LONG = { maxTokens: 320, sampling: { ...ENDLESS, temperature: 0.8 }, seed: SEED }
/** Two steps of three members. */
const REDUNDANT = { redundant: 3, maxTokens: 100, sampling: ENDLESS }
/** Why a member is replaced that is alive: the machine is busy. */
const TOO_SLOW = ['TIMED_OUT', 'PROVIDER_STALLED']

describe('processes that are killed in the middle of a job', function () {
  this.timeout(120_000)
  let world: TestNet
  let start: Record<string, bigint>

  before(async () => {
    world = await TestNet.start({ providers: 5 })
    start = await world.balances()
  })
  after(stopNets)

  /** Everybody is back, and a fresh client holds nothing against anybody. */
  async function restartAll(): Promise<void> {
    const dead = world.net.providers.filter(({ child }) => child.gone)
    const restarted = dead.map((one) => world.net.restartProvider(one))
    await Promise.all([...restarted, world.net.restartClient()])
  }

  async function statusOf(provider: DevnetProvider): Promise<{ bids: number; matches: number }> {
    const { market } = await world.status(provider)
    return market
  }

  /** The provider with this rank in the turn that runs. */
  async function seatOf(rank: number): Promise<DevnetProvider> {
    const statuses = await world.statuses()
    const at = statuses.findIndex(({ seats }) => seats.ranks.some((seat) => seat.rank === rank))
    const found = world.net.providers[at]
    if (found === undefined) throw new TypeError(`Nobody has seat ${rank}.`)
    return found
  }

  function isReceipt({ type }: ToldEvent): boolean {
    return type === 'receipt'
  }

  /** Receipts that came for a segment of a job. */
  function receiptsOf(jobId: unknown, segment: number): Receipt[] {
    const ofJob = world.jobEvents('receipt').filter((event) => event['jobId'] === jobId)
    const ofSegment = ofJob.filter((event) => event['segment'] === segment)
    return ofSegment.map(({ receipt }) => receipt as Receipt)
  }

  function amountOf(receipts: readonly Receipt[]): bigint {
    return receipts.reduce((sum, { amount }) => sum + BigInt(`${amount}`), 0n)
  }

  function tokensOf(receipts: readonly Receipt[]): number {
    return receipts.reduce((sum, { tokensOut }) => sum + tokensOut, 0)
  }

  describe('a provider that streams', () => {
    let undisturbed: JobReport
    let job: JobReport
    let victim: DevnetProvider

    before(async () => {
      undisturbed = await world.auction(LONG)
      const running = world.auction(LONG)
      const { provider } = await world.nextJobEvent(isReceipt)
      victim = world.providerOf(provider)
      await world.kill(victim)
      job = await running
    })
    after(restartAll)

    it('is replaced by a backup, and the answer is the one that it would have given', () => {
      expect(undisturbed.winners).to.have.length(1)
      expect(job.states.at(-1)?.state).to.equal('finalized')
      expect(job.tokens).to.equal(LONG.maxTokens)
      expect(job.text).to.equal(undisturbed.text)
      const [first, second, ...more] = job.winners
      expect(more).to.deep.equal([])
      expect(first?.provider).to.equal(ownerOf(victim))
      expect(second?.provider).to.equal(job.bids?.[1]?.provider)
    })

    it('is paid what it receipted, and the backup for the rest with the delivered text as its prompt', async () => {
      const { segments } = await world.transcript(job.jobId)
      const [first, second] = segments
      expect(first).to.include({ fromToken: 0 })
      expect(second).to.include({ fromToken: first?.tokens, state: 'finalized' })
      expect((first?.tokens ?? 0) + (second?.tokens ?? 0)).to.equal(LONG.maxTokens)
      const parts = [0, 1].map((segment) => receiptsOf(job.jobId, segment))
      expect(job.winners.map(({ paid }) => paid)).to.deep.equal(parts.map(amountOf))
      const [before = [], after = []] = parts
      const unbilled = (first?.tokens ?? 0) - tokensOf(before)
      expect(unbilled, 'at most one step is unbilled').to.be.within(0, 64)
      expect(tokensOf(after)).to.equal(second?.tokens)
      const prompt = before[0]?.tokensIn ?? 0
      expect(after[0]?.tokensIn, 'prompt and prefix').to.equal(prompt + (first?.tokens ?? 0))
    })

    it('redeems what it holds when it is started again', async () => {
      await world.net.restartProvider(victim)
      await world.settle()
      const { redeemed } = await world.channel(victim)
      const { cumulative, receipts } = world.told(victim)
      expect(redeemed > 0n && redeemed >= receipts && redeemed <= cumulative).to.equal(true)
    })
  })

  describe('the front seat', () => {
    after(restartAll)

    it('may die in the window: another seat matches the job', async () => {
      const front = await seatOf(0)
      // One that answers nothing keeps the window open until its end.
      const slow = await seatOf(4)
      let isKilled = false
      const onAck = (): void => {
        if (isKilled) return
        isKilled = true
        front.child.process.kill('SIGKILL')
      }
      const hooks: { onAck?: () => void } = {}
      const client = await startHookedClient(world, { onAck: () => hooks.onAck?.() })
      try {
        await client.offers()
        slow.child.process.kill('SIGSTOP')
        hooks.onAck = onAck
        const job = await client.submit({ model: 'duckling', messages: MESSAGES })
        const { lane } = await job.result()
        const { auctions } = await job.settled
        expect(isKilled, 'a seat acknowledged the header').to.equal(true)
        expect(lane).to.equal('auction')
        const relayed = auctions.flatMap(({ seats }) => seats.filter(({ bids }) => bids > 0))
        expect(relayed.map(({ owner }) => owner)).to.not.include(ownerOf(front))
        expect(relayed).to.not.deep.equal([])
      } finally {
        slow.child.process.kill('SIGCONT')
        await client.stop()
      }
    })

    it('may die between match and award, and every other seat that matched it', async () => {
      await restartAll()
      const killed: DevnetProvider[] = []
      const counts = await Promise.all(world.net.providers.map((one) => statusOf(one)))
      const beforeAward = async (): Promise<void> => {
        if (killed.length > 0) return
        for (const [n, provider] of world.net.providers.entries()) {
          const { matches } = await statusOf(provider)
          if (matches > (counts[n]?.matches ?? 0)) killed.push(provider)
        }
        await Promise.all(killed.map((one) => world.kill(one)))
      }
      const client = await startHookedClient(world, { beforeAward })
      try {
        const job = await client.submit({ model: 'duckling', messages: MESSAGES })
        const { lane, text } = await job.result()
        const { auctions, fee } = await job.settled
        expect(lane).to.equal('auction')
        expect(text).to.not.equal('')
        const primary = auctions.at(-1)?.seats.find((seat) => seat.primary)?.owner
        expect(killed.map(ownerOf)).to.include(primary)
        expect(fee?.seat, 'what it earned is signed all the same').to.equal(primary)
      } finally {
        await client.stop()
      }
    })
  })

  describe('a member of a redundant job', () => {
    afterEach(restartAll)

    it('may die before it commits: a backup computes the whole answer', async () => {
      const { job, dead } = await bidBy(4, async () => {
        const running = world.auction(REDUNDANT)
        const { provider } = await first(isAccepted, running)
        await world.kill(world.providerOf(provider))
        return { job: await running, dead: provider }
      })
      await expectAgreed(job, dead)
    })

    it('may die when it committed and has not revealed', async () => {
      let dead: unknown
      const job = await bidBy(4, async () => {
        const running = world.auction(REDUNDANT)
        const accepted = await first(isAccepted, running)
        // One that stands still keeps the others waiting with their commitments.
        const slow = world.providerOf(accepted['provider'])
        slow.child.process.kill('SIGSTOP')
        try {
          const { provider } = await first((event) => {
            const isOther = event['provider'] !== accepted['provider']
            return isOther && isReceipt(event) && (event['receipt'] as Receipt).last
          }, running)
          await world.kill(world.providerOf(provider))
          dead = provider
        } finally {
          slow.child.process.kill('SIGCONT')
        }
        return running
      })
      await expectAgreed(job, dead)
    })

    it('ends the job with MEMBERS_MISSING when nobody is left; the others are paid what they committed', async () => {
      const [one, two] = world.net.providers.slice(3).map(ownerOf)
      const exclude = [one, two].flatMap((owner) => owner ?? [])
      const { accepted, code } = await bidBy(3, async () => {
        const running = world.auction({ ...REDUNDANT, exclude })
        const accepted = await first(isAccepted, running)
        await world.kill(world.providerOf(accepted['provider']))
        return { accepted, code: await codeOf(running) }
      })
      const { jobId, provider } = accepted
      expect(code).to.equal('MEMBERS_MISSING')
      const ended = await until('every segment ended', () => {
        const told = world.jobEvents('segmentEnd').filter((event) => event['jobId'] === jobId)
        return told.length === 3 && told
      })
      for (const { outcome } of ended) {
        const { paid, provider: member, segment } = outcome as Record<string, string>
        if (member === provider) continue
        const receipts = receiptsOf(jobId, Number(segment))
        expect(BigInt(paid ?? 0), 'committed and paid').to.equal(amountOf(receipts))
      }
    })

    /** Runs a job again, with everybody back, when fewer bid than it is about: on a busy machine some bid too late. */
    async function bidBy<T>(bidders: number, run: () => Promise<T>): Promise<T> {
      for (let tries = 1; ; tries += 1) {
        const before = world.jobEvents('auction').length
        try {
          return await run()
        } catch (error) {
          const [auction] = world.jobEvents('auction').slice(before).slice(-1)
          const told = auction?.['auction'] as { bids: readonly unknown[] } | undefined
          if (tries === 3 || told === undefined || told.bids.length >= bidders) throw error
          await restartAll()
        }
      }
    }

    /** The first event of a job that matches; fails when the job ends without it. */
    async function first(
      matches: (event: ToldEvent) => boolean,
      running: Promise<JobReport>,
    ): Promise<ToldEvent> {
      const ended = running.then(() => {
        throw new TypeError('The job ended before.')
      })
      return Promise.race([world.nextJobEvent(matches), ended])
    }

    function isAccepted({ state, type }: ToldEvent): boolean {
      return type === 'state' && state === 'accepted'
    }

    /** Finalized by three others that gave the same answer; whoever else was replaced was too slow. */
    async function expectAgreed(job: JobReport, dead: unknown): Promise<void> {
      expect(job).to.include({ agreed: true, tokens: REDUNDANT.maxTokens, kind: 'redundant' })
      const { segments } = await world.transcript(job.jobId)
      const replaced = segments.filter(({ provider, state }) => {
        return state !== 'finalized' && provider !== dead
      })
      for (const { failure } of replaced) expect(failure?.code).to.be.oneOf(TOO_SLOW)
      const members = new Set(job.winners.map(({ provider }) => provider))
      expect(members.size, 'three and the dead one').to.equal(4 + replaced.length)
      expect(members).to.include(dead)
      const revealed = world.jobEvents('reveal').filter(({ jobId }) => jobId === job.jobId)
      const who = new Set(revealed.map(({ provider }) => provider))
      expect(who.size).to.equal(3)
      expect(who).to.not.include(dead)
    }
  })

  describe('every seat', () => {
    after(restartAll)

    it('may be gone: the job goes the direct lane and says why', async () => {
      const late = await world.net.addProvider()
      await until('the client knows the newcomer', async () => {
        const offers = await world.net.client.ask<{ offer: { provider: string } }[]>(
          'offers',
          {},
          10_000,
        )
        return offers.some(({ offer }) => offer.provider === ownerOf(late))
      })
      await Promise.all(world.net.providers.slice(0, 5).map((one) => world.kill(one)))
      const told = world.nextJobEvent(({ type }) => type === 'lane')
      const job = await world.auction()
      expect(job.lane).to.equal('direct')
      expect(job.winners.map(({ provider }) => provider)).to.include(ownerOf(late))
      expect((await told)['why']).to.match(/[Ss]eat/)
      expect((await world.transcript(job.jobId)).fallback).to.match(/[Ss]eat/)
      const redundant = await codeOf(world.auction(REDUNDANT))
      expect(redundant, 'members are not picked by the client').to.equal('SEATS_UNREACHABLE')
    })
  })

  describe('the seed', () => {
    it('may be gone: peers run jobs, and one that they know comes back', async () => {
      const { providers, seed } = world.net
      await served()
      seed.process.kill('SIGKILL')
      await seed.exited
      expect((await served()).lane).to.equal('auction')
      const [known, ...others] = providers
      if (known === undefined) throw new TypeError('There is no provider.')
      await world.kill(known)
      await world.net.restartProvider(known)
      const job = await served({ exclude: others.map(ownerOf) })
      expect(job.winners.map(({ provider }) => provider)).to.deep.equal([ownerOf(known)])
      expect(job.lane).to.equal('auction')
    })

    /** The report of an auctioned job, sent again until somebody bids. */
    async function served(fields: Parameters<TestNet['auction']>[0] = {}): Promise<JobReport> {
      let failure: unknown
      const report = await until('a job runs', () =>
        world.auction(fields).catch((error: unknown) => {
          failure = error
        }),
      ).catch(() => undefined)
      if (report === undefined) throw failure
      return report
    }
  })

  describe('all of that', () => {
    it('leaves no wei unaccounted for, and everybody holds what it receipted', async () => {
      await world.settle()
      for (const provider of world.net.providers) {
        const { cumulative, receipts } = world.told(provider)
        const { redeemed } = await world.channel(provider)
        // The last commitment of a member that died before its release is not paid (rule R-12).
        const unpaid = receipts > redeemed ? receipts - redeemed : 0n
        expect(redeemed <= cumulative, provider.name).to.equal(true)
        expect(unpaid < 10n ** 17n, `${provider.name}: ${unpaid}`).to.equal(true)
      }
      const end = await world.balances()
      const came = Object.keys(end).length - Object.keys(start).length
      const brought = BigInt(came) * STAKE
      expect(sumOf(start) + brought - sumOf(end)).to.equal(world.burnt)
    })
  })
})

const MESSAGES = [{ role: 'user', content: 'What is the capital of Norway?' }]
