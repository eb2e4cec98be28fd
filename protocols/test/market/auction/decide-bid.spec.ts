import { expect } from 'chai'
import { decideBid } from '../../../src/market/auction/decide-bid.ts'
import type { BidNeed } from '../../../src/market/auction/decide-bid.ts'
import { judgeBid } from '../../../src/market/auction/judge-bid.ts'
import { ownerOf } from '../../support/mesh-fixtures.ts'
import { AuctionFixture, MODEL } from './auction-fixture.ts'
import type { HeaderChanges } from './auction-fixture.ts'

const QUOTE = { priceIn: 250n, priceOut: 1_000n, contextLength: 1_024 }

async function need(changes: Partial<BidNeed> = {}, header: HeaderChanges = {}): Promise<BidNeed> {
  const fix = new AuctionFixture()
  const job = await fix.header(header)
  return {
    ...job,
    provider: ownerOf('a'),
    quote: QUOTE,
    load: { inFlight: 0, slots: 4, stepMs: 100 },
    modes: [0, 1],
    covered: 10n ** 18n,
    now: fix.clock.now(),
    ...changes,
  }
}

describe('decideBid', () => {
  it('bids its prices, with the time to the first step and how it is funded', async () => {
    const asked = await need()
    const now = Math.floor(asked.now / 1_000)
    expect(decideBid(asked)).to.deep.equal({
      kind: 'bid',
      bid: {
        jobId: asked.jobId,
        attempt: 0,
        provider: ownerOf('a'),
        priceIn: 250n,
        priceOut: 1_000n,
        etaMs: 100,
        funding: 0,
        expiry: now + 600,
      },
    })
  })

  it('is slower when loaded, says when it needs an allotment, and binds until the deadline at most', async () => {
    const load = { inFlight: 3, slots: 4, stepMs: 100 }
    const fix = new AuctionFixture()
    const asked = await need({ load, covered: 143n }, { deadline: fix.now + 60 })
    const decision = decideBid(asked)
    if (decision.kind !== 'bid') expect.fail('no bid')
    expect(decision.bid).to.include({ etaMs: 175, funding: 1, expiry: fix.now + 60 })
    const exact = decideBid({ ...asked, covered: 144n })
    expect(exact.kind === 'bid' ? exact.bid.funding : -1).to.equal(0)
  })

  it('counts numbers, not tokens, of a model whose answer is numbers', async () => {
    const numbers = { task: 'embed', width: 384, labels: [] } as const
    const quote = { ...QUOTE, contextLength: 16, numbers: { ...numbers, labels: [] } }
    const codeAt = async (maxTokens: number): Promise<string> => {
      const decision = decideBid(await need({ quote }, { maxTokens }))
      return decision.kind === 'bid' ? 'bid' : decision.code
    }
    expect(await codeAt(384)).to.equal('bid')
    expect(await codeAt(768)).to.equal('bid')
    expect(await codeAt(385)).to.equal('SPEC_INVALID')
  })

  it('makes bids that count', async () => {
    for (const deadline of [30, 600, 3_000]) {
      const fix = new AuctionFixture()
      const asked = await need({}, { deadline: fix.now + deadline })
      const decision = decideBid(asked)
      if (decision.kind !== 'bid') expect.fail('no bid')
      const opened = {
        provider: ownerOf('a'),
        bid: { bid: decision.bid, signature: '0x00' as const },
      }
      expect(judgeBid(opened, asked.header, fix.now).code).to.equal(undefined)
    }
  })

  const passes: [name: string, code: string, detail: string, Promise<BidNeed>][] = [
    ['a mode it does not serve', 'NOT_SUPPORTED', 'mode 1', need({ modes: [0] })],
    ['a model it does not serve', 'MODEL_NOT_FOUND', MODEL, need({ quote: undefined })],
    ['more tokens than its context', 'PROMPT_TOO_LONG', '1024', need({}, { maxTokens: 1_024 })],
    ['full slots', 'PROVIDER_BUSY', '4 of 4', need({ load: { inFlight: 4, slots: 4, stepMs: 1 } })],
    ['a price above the cap', 'PRICE_ABOVE_CAP', '144', need({}, { maxPrice: 143n })],
    [
      'a price above its share',
      'PRICE_ABOVE_CAP',
      '143',
      need({}, { maxPrice: 431n, mode: 0, replicas: 3 }),
    ],
  ]
  for (const [name, code, detail, asked] of passes) {
    it(`passes on ${name}: ${code}`, async () => {
      const decision = decideBid(await asked)
      if (decision.kind !== 'pass') expect.fail('a bid')
      expect(decision.code).to.equal(code)
      expect(decision.detail).to.contain(detail)
    })
  }
})
