import type { Hex } from '@duckmesh/protocols'
import { type Bidder } from '@duckmesh/protocols/market'
import { expect } from 'chai'
import { CountedBidder, MarketStats } from '../../src/peer/market-stats.ts'
import { PAYER, PROVIDER, hexOfDigit } from '../storage/rows.ts'

type Openings = Parameters<Bidder['opened']>[0]
type Answer = Awaited<ReturnType<Bidder['decide']>>

const JOB = hexOfDigit('1', 32)
const MODEL = hexOfDigit('3', 32)

function openings(winners: Hex[], over: Partial<Openings> = {}): Openings {
  const proof = { sets: [], replySecret: hexOfDigit('5', 32), ruleVersion: 1, excluded: [] }
  return { jobId: JOB, attempt: 0, proof, winners, paid: 0n, ...over }
}

function bid(attempt = 0): Answer {
  const sealed = { enc: new Uint8Array(32), ciphertext: new Uint8Array(1) }
  return { kind: 'bid', bid: { jobId: JOB, attempt, provider: PROVIDER, sealed } }
}

function pass(code: string): Answer {
  return { kind: 'pass', pass: { jobId: JOB, attempt: 0, provider: PROVIDER, code, detail: '' } }
}

describe('MarketStats', () => {
  it('counts each auction once, however often its header comes', () => {
    const stats = new MarketStats()
    for (const attempt of [0, 0, 1]) stats.heard(JOB, attempt)
    stats.heard(hexOfDigit('2', 32), 0)
    for (const attempt of [0, 0, 1]) stats.answered(JOB, attempt, bid(attempt))
    stats.answered(hexOfDigit('2', 32), 0, pass('PROVIDER_BUSY'))
    stats.answered(hexOfDigit('3', 32), 0, pass('PROVIDER_BUSY'))
    expect(stats.counts).to.deep.include({ heard: 3, bids: 2, passes: { PROVIDER_BUSY: 2 } })
  })

  it('counts a bid as lost once, though both seats send the openings', () => {
    const stats = new MarketStats()
    stats.answered(JOB, 0, bid())
    stats.opened(openings([PAYER]), PROVIDER)
    stats.opened(openings([PAYER]), PROVIDER)
    expect(stats.counts.lost).to.deep.equal({ OUTBID: 1 })
  })

  it('tells a job that nobody got from one that others got, and one of its own from both', () => {
    const stats = new MarketStats()
    for (const attempt of [0, 1]) stats.answered(JOB, attempt, bid(attempt))
    stats.opened(openings([]), PROVIDER)
    stats.opened(openings([PAYER, PROVIDER], { attempt: 1 }), PROVIDER)
    expect(stats.counts.lost).to.deep.equal({ NOT_AWARDED: 1 })
  })

  it('does not count openings of auctions without a bid of this node', () => {
    const stats = new MarketStats()
    stats.answered(JOB, 0, pass('PRICE_ABOVE_CAP'))
    stats.opened(openings([PAYER]), PROVIDER)
    stats.opened(openings([PAYER], { attempt: 9 }), PROVIDER)
    expect(stats.counts.lost).to.deep.equal({})
  })

  it('counts awards, refusals and matches', () => {
    const stats = new MarketStats()
    stats.won()
    stats.matched()
    stats.matched()
    stats.refused('CHOICE_WRONG')
    expect(stats.counts).to.deep.include({
      won: 1,
      matches: 2,
      refusals: { CHOICE_WRONG: 1 },
    })
  })

  it('gives a copy: what is printed later is what was counted then', () => {
    const stats = new MarketStats()
    const before = stats.counts
    stats.refused('STALE_SEAT')
    stats.answered(JOB, 0, pass('PROVIDER_BUSY'))
    expect(before).to.deep.include({ refusals: {}, passes: {} })
  })

  it('remembers a bounded number of auctions', () => {
    const stats = new MarketStats()
    const idOf = (n: number): Hex => `0x${n.toString(16).padStart(64, '0')}`
    for (let n = 0; n < 4_097; n += 1) stats.heard(idOf(n), 0)
    // The first one is forgotten and counts as new; the last is still known.
    stats.heard(idOf(0), 0)
    stats.heard(idOf(4_096), 0)
    expect(stats.counts.heard).to.equal(4_098)
  })
})

describe('CountedBidder', () => {
  type Components = ConstructorParameters<typeof CountedBidder>[0]
  type Header = Parameters<Bidder['decide']>[0]

  /** A bidder whose view of the seats and of its bids fails or is empty: every header is passed. */
  function bidderOf(determinism: 'f32' | 'opaque' = 'f32'): {
    bidder: CountedBidder
    stats: MarketStats
  } {
    const stats = new MarketStats()
    const fakes = {
      stats,
      served: { models: () => [{ modelId: MODEL, determinism }] },
      provider: PROVIDER,
      clock: { now: () => 0, after: () => () => undefined },
      view: { turnClock: { isCurrent: () => false }, seats: () => Promise.resolve([]) },
      bids: { find: () => Promise.resolve(undefined) },
    }
    return { bidder: new CountedBidder(fakes as unknown as Components), stats }
  }

  it('counts what the bidder answers, and the header that came with the invitation', async () => {
    const { bidder, stats } = bidderOf()
    const order = { modelId: MODEL, mode: 0, deadline: 60 }
    const header = { attempt: 0, order: { order } }
    const received = { header, jobId: JOB } as unknown as Header
    const seat = { seat: PAYER, epoch: 1, turn: 1 }
    const answer = await bidder.decide(received, seat)
    expect(answer.kind).to.equal('pass')
    expect(stats.counts).to.deep.include({ heard: 1, bids: 0, passes: { STALE_SEAT: 1 } })
  })

  it('passes redundant jobs of a model that is opaque here, and no others', async () => {
    const { bidder, stats } = bidderOf('opaque')
    const seat = { seat: PAYER, epoch: 1, turn: 1 }
    const codes: string[] = []
    for (const [attempt, mode] of [0, 1].entries()) {
      const order = { modelId: MODEL, mode, deadline: 60 }
      const received = { header: { attempt, order: { order } }, jobId: JOB } as unknown as Header
      const answer = await bidder.decide(received, seat)
      if (answer.kind === 'pass') codes.push(answer.pass.code)
    }
    // The second one would be answered, were there a seat.
    expect(codes).to.deep.equal(['NOT_SUPPORTED', 'STALE_SEAT'])
    expect(stats.counts.passes).to.deep.equal({ NOT_SUPPORTED: 1, STALE_SEAT: 1 })
  })

  it('looks at openings before it checks them', async () => {
    const { bidder, stats } = bidderOf()
    stats.answered(JOB, 0, bid())
    await bidder.opened(openings([PAYER]))
    expect(stats.counts.lost).to.deep.equal({ OUTBID: 1 })
  })
})
