import { OfferBook } from '@duckmesh/protocols/market'
import type { BookEntry, DirectNeed, Load } from '@duckmesh/protocols/market'
import { expect } from 'chai'
import { chooseOffers } from '../../src/job/choose-offer.ts'
import { expectCode } from '../support/expect-code.ts'
import { MODEL, address, bookEntry, bytes32, modelOffer } from '../support/offers.ts'

const FREE: Load = { inFlight: 0, slots: 4, stepMs: 0 }
const FULL: Load = { inFlight: 4, slots: 4, stepMs: 0 }
const need = (over: Partial<DirectNeed> = {}): DirectNeed => ({
  modelId: MODEL,
  inBucket: 16,
  maxTokens: 64,
  maxPrice: 10_000n,
  ...over,
})

/** A finder with these entries whose providers answer with these loads. */
function finderOf(entries: readonly BookEntry[], loads: Record<number, Load> = {}) {
  const book = new OfferBook()
  for (const entry of entries) book.put(entry, 0)
  const byProvider = new Map(Object.entries(loads).map(([n, load]) => [address(Number(n)), load]))
  const load = ({ offer }: BookEntry): Promise<Load | undefined> =>
    Promise.resolve(byProvider.get(offer.provider))
  return { book, load }
}

const quiet = new AbortController().signal
const dear = modelOffer({ priceOut: 2_000n })

describe('chooseOffers', () => {
  it('ranks the providers with a free slot, the cheapest first', async () => {
    const entries = [bookEntry({ n: 1, models: [dear] }), bookEntry({ n: 2 }), bookEntry({ n: 3 })]
    const finder = finderOf(entries, { 1: FREE, 2: FULL, 3: FREE })
    const chosen = await chooseOffers(finder, need(), 0, quiet)
    expect(chosen.map(({ entry }) => entry.offer.provider)).to.deep.equal([address(3), address(1)])
    // (250 · 16 + 1 000 · 64) / 1 000, and twice as much for each token out
    expect(chosen.map(({ expectedPrice }) => expectedPrice)).to.deep.equal([68n, 132n])
  })

  const refusals: [string, ReturnType<typeof finderOf>, Partial<DirectNeed>, string][] = [
    ['PRICE_ABOVE_CAP', finderOf([bookEntry()], { 1: FREE }), { maxPrice: 67n }, '68 wei'],
    ['PROMPT_TOO_LONG', finderOf([bookEntry()], { 1: FREE }), { maxTokens: 512 }, '512 tokens'],
    ['PROVIDER_BUSY', finderOf([bookEntry()], { 1: FULL }), {}, '4 of its 4'],
    ['PROVIDER_UNAVAILABLE', finderOf([bookEntry()]), {}, 'did not answer'],
    [
      'PROVIDER_UNAVAILABLE',
      finderOf([bookEntry()], { 1: FREE }),
      { exclude: [address(1)] },
      'before',
    ],
    ['PROVIDER_UNAVAILABLE', finderOf([]), {}, 'No provider offers the model'],
    [
      'PROVIDER_UNAVAILABLE',
      finderOf([bookEntry()], { 1: FREE }),
      { modelId: bytes32(1) },
      'No provider',
    ],
  ]
  for (const [code, finder, over, words] of refusals) {
    it(`refuses with ${code}: ${words}`, async () => {
      const error = await expectCode(code as 'PROVIDER_BUSY', () =>
        chooseOffers(finder, need(over), 0, quiet),
      )
      expect(error.message).to.contain(words)
    })
  }

  it('tells the refusal that the caller can act on, with the sentence of that code, and all reasons', async () => {
    const entries = [bookEntry({ n: 1 }), bookEntry({ n: 2, models: [dear] }), bookEntry({ n: 3 })]
    const finder = finderOf(entries, { 3: FULL })
    const cap = { maxPrice: 100n }
    const error = await expectCode('PRICE_ABOVE_CAP', () =>
      chooseOffers(finder, need(cap), 0, quiet),
    )
    expect(error.message).to.contain(`${address(2)}: It asks 132 wei`)
    expect(error.details['reasons']).to.have.length(3)
    expect(error.details['maxPrice']).to.equal(100n)
  })

  it('does not offer what expired', async () => {
    const finder = finderOf([bookEntry()], { 1: FREE })
    await expectCode('PROVIDER_UNAVAILABLE', () => chooseOffers(finder, need(), 30_000, quiet))
  })

  it('says CANCELLED when the caller gave up meanwhile, not that nobody answered', async () => {
    const finder = finderOf([bookEntry()])
    await expectCode('CANCELLED', () => chooseOffers(finder, need(), 0, AbortSignal.abort()))
  })
})
