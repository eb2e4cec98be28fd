import { OfferBook } from '@duckmesh/protocols/market'
import type { Load } from '@duckmesh/protocols/market'
import { expect } from 'chai'
import { directPlaces } from '../../src/job/direct-lane.ts'
import type { JobDraft } from '../../src/job/plan-job.ts'
import { expectCode } from '../support/expect-code.ts'
import { MODEL, address, bookEntry, bytes32, modelOffer } from '../support/offers.ts'

const FREE: Load = { inFlight: 0, slots: 4, stepMs: 0 }
const quiet = new AbortController().signal

function draftOf(over: Partial<JobDraft> = {}): JobDraft {
  return {
    spec: { bytes: new Uint8Array(8), specHash: bytes32(3) },
    modelId: MODEL,
    inBucket: 16,
    maxTokens: 64,
    maxPrice: 10_000n,
    deadline: 2_000_000_000,
    mode: 1,
    replicas: 1,
    lane: 'direct',
    exclude: [],
    ...over,
  }
}

/** A finder that knows these; `found` turn up when it searches again. */
class Finder {
  readonly book = new OfferBook()
  searches = 0
  readonly #found: readonly number[]

  constructor(known: readonly number[], found: readonly number[] = []) {
    this.#found = found
    for (const n of known) this.#add(n)
  }

  load(): Promise<Load> {
    return Promise.resolve(FREE)
  }

  offers(): Promise<ReturnType<OfferBook['entries']>> {
    this.searches += 1
    for (const n of this.#found) this.#add(n)
    return Promise.resolve(this.book.entries(0))
  }

  /** The number is the price too. */
  #add(n: number): void {
    this.book.put(bookEntry({ n, models: [modelOffer({ priceOut: BigInt(n) * 1_000n })] }), 0)
  }
}

describe('directPlaces', () => {
  it('gives the cheapest first, each with the hash and the prices of its offer', async () => {
    const places = await directPlaces(new Finder([2, 1]), draftOf(), 0, quiet)
    expect(places).to.deep.equal([
      { provider: address(1), bidHash: bytes32(1), priceIn: 250n, priceOut: 1_000n },
      { provider: address(2), bidHash: bytes32(2), priceIn: 250n, priceOut: 2_000n },
    ])
  })

  it('leaves out whom the job excludes', async () => {
    const draft = draftOf({ exclude: [address(1)] })
    const places = await directPlaces(new Finder([1, 2]), draft, 0, quiet)
    expect(places.map(({ provider }) => provider)).to.deep.equal([address(2)])
  })

  it('looks once more when nobody it knows can be asked', async () => {
    const finder = new Finder([], [7])
    const places = await directPlaces(finder, draftOf(), 0, quiet)
    expect(places.map(({ provider }) => provider)).to.deep.equal([address(7)])
    expect(finder.searches).to.equal(1)
    const empty = new Finder([])
    await expectCode('PROVIDER_UNAVAILABLE', () => directPlaces(empty, draftOf(), 0, quiet))
    expect(empty.searches).to.equal(1)
  })

  it('does not look again for a price that the caller will not pay', async () => {
    const finder = new Finder([1], [2])
    const draft = draftOf({ maxPrice: 1n })
    await expectCode('PRICE_ABOVE_CAP', () => directPlaces(finder, draft, 0, quiet))
    expect(finder.searches).to.equal(0)
  })
})
