import { expect } from 'chai'
import fc from 'fast-check'
import type { Hex, Match } from '@duckmesh/proto'
import { chooseAuction } from '../../../src/market/auction/choose-auction.ts'
import { explainChoice } from '../../../src/market/auction/explain-choice.ts'
import type { MemberDraw, OpenedBid, OpenedSet } from '../../../src/market/auction/interface.ts'
import { seatScore } from '../../../src/election/index.ts'

const address = (n: number): Hex => `0x${n.toString(16).padStart(40, '0')}`
const hash = (n: number): Hex => `0x${n.toString(16).padStart(64, '0')}`

function opened(n: number, score: bigint, more: Partial<OpenedBid> = {}): OpenedBid {
  const provider = address(n)
  const bid = {
    jobId: hash(1),
    attempt: 0,
    provider,
    priceIn: 1n,
    priceOut: 1n,
    etaMs: 5,
    funding: 0,
    expiry: 9,
  }
  const signed = { bid, signature: hash(0) }
  return { provider, bid: signed, bidHash: hash(n), price: score, score, ...more }
}

function set(bids: readonly OpenedBid[], seat = 90): OpenedSet {
  const match: Match = {
    jobId: hash(1),
    attempt: 0,
    epoch: 5,
    turn: 6,
    seat: address(seat),
    bidsRoot: hash(77),
    bids: bids.length,
  }
  return { match, matchHash: hash(seat), bids }
}

const draw = (bids: readonly OpenedBid[], secret = 3, weight = 10n ** 18n): MemberDraw => ({
  draw: hash(secret),
  seed: hash(4),
  shard: 3,
  weights: new Map(bids.map((bid) => [bid.provider, weight])),
})

const base = { excluded: [], replicas: 1 }
const providers = (choice: ReturnType<typeof chooseAuction>): Hex[] =>
  choice.ranked.map((bid) => bid.provider)

describe('chooseAuction, one provider', () => {
  it('ranks by score, ties to the lower address; the first wins, the rest back it up', () => {
    const bids = [opened(4, 20n), opened(3, 10n), opened(1, 20n), opened(2, 30n)]
    const choice = chooseAuction({ ...base, sets: [set(bids)] })
    expect(providers(choice)).to.deep.equal([3, 1, 4, 2].map(address))
    expect(choice.ranked.map((bid) => bid.role)).to.deep.equal([
      'winner',
      'backup',
      'backup',
      'backup',
    ])
    expect(choice).to.include({ matchHash: hash(90), seat: address(90), epoch: 5, turn: 6 })
    expect(choice.left).to.deep.equal([])
  })

  it('leaves out what does not count and whom the client excludes, with reasons', () => {
    const bids = [
      opened(1, 1n, { code: 'PRICE_ABOVE_CAP', why: 'dear' }),
      opened(2, 2n),
      opened(3, 3n),
      { provider: address(4), code: 'BID_INVALID' as const, why: 'Its seal does not open.' },
    ]
    const choice = chooseAuction({ ...base, excluded: [address(2)], sets: [set(bids)] })
    expect(providers(choice)).to.deep.equal([address(3)])
    expect(choice.left.map(({ provider, code }) => [provider, code])).to.deep.equal([
      [address(1), 'PRICE_ABOVE_CAP'],
      [address(2), 'PROVIDER_UNAVAILABLE'],
      [address(4), 'BID_INVALID'],
    ])
  })

  it('joins two sets: the better score of a provider counts, at a tie the one of the first set', () => {
    const first = set([opened(1, 10n), opened(2, 50n)])
    const again = opened(1, 10n, { bidHash: hash(1_001) })
    const better = opened(2, 5n, { bidHash: hash(1_002) })
    const second = set([again, better, opened(3, 7n)], 91)
    const choice = chooseAuction({ ...base, sets: [first, second] })
    expect(choice.ranked.map((bid) => bid.bidHash)).to.deep.equal([hash(1_002), hash(3), hash(1)])
    expect(choice.matchHash).to.equal(hash(90))
  })

  it('counts a bid that is bad in one set and good in the other', () => {
    const bad = opened(1, 1n, { code: 'BID_INVALID' })
    const choice = chooseAuction({ ...base, sets: [set([bad]), set([opened(1, 9n)], 91)] })
    expect(providers(choice)).to.deep.equal([address(1)])
    expect(choice.left).to.deep.equal([])
  })

  it('of nothing is empty', () => {
    expect(chooseAuction({ ...base, sets: [set([])] }).ranked).to.deep.equal([])
  })

  it('does not depend on the order of the bids', () => {
    const scores = fc.array(fc.bigInt({ min: 0n, max: 5n }), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(
        scores,
        fc.array(fc.nat(), { minLength: 20, maxLength: 20 }),
        fc.boolean(),
        (all, random, redundant) => {
          const bids = all.map((score, i) => opened(i + 1, score))
          const shuffled = bids
            .map((bid, i) => ({ bid, key: random[i] ?? 0 }))
            .sort((a, b) => a.key - b.key)
            .map(({ bid }) => bid)
          const input = redundant ? { ...base, replicas: 3, draw: draw(bids) } : { ...base }
          const one = chooseAuction({ ...input, sets: [set(bids)] })
          expect(chooseAuction({ ...input, sets: [set(shuffled)] })).to.deep.equal(one)
          expect(new Set(providers(one)).size).to.equal(bids.length)
        },
      ),
      { numRuns: 100 },
    )
  })

  it('explains each bid: place, score, price and why', () => {
    const bids = [
      opened(1, 10n),
      opened(2, 15n),
      opened(3, 1n, { code: 'PRICE_ABOVE_CAP', why: 'Dear.' }),
    ]
    const entries = explainChoice(chooseAuction({ ...base, sets: [set(bids)] }))
    expect(entries.map(({ place, role, code }) => [place, role, code])).to.deep.equal([
      [0, 'winner', undefined],
      [1, 'backup', undefined],
      [undefined, undefined, 'PRICE_ABOVE_CAP'],
    ])
    expect(entries[0]?.why).to.equal(
      'It won with the lowest score of 2: it asks 10 wei, first tokens in 5 ms.',
    )
    expect(entries[1]?.why).to.contain('place 1').and.contain('1.500 times')
    expect(entries[2]).to.deep.equal({
      provider: address(3),
      price: 1n,
      score: 1n,
      code: 'PRICE_ABOVE_CAP',
      why: 'Dear.',
    })
  })
})

describe('chooseAuction, redundant', () => {
  const choose = (bids: readonly OpenedBid[], replicas: number, memberDraw = draw(bids)) =>
    chooseAuction({ ...base, replicas, sets: [set(bids)], draw: memberDraw })
  const many = (n: number): OpenedBid[] =>
    Array.from({ length: n }, (_, i) => opened(i + 1, BigInt(i + 1)))

  it('takes all in order when there are at most k', () => {
    const choice = choose(many(3), 3)
    expect(providers(choice)).to.deep.equal([1, 2, 3].map(address))
    expect(choice.ranked.map((bid) => bid.role)).to.deep.equal(['member', 'member', 'member'])
  })

  it('draws k - 1 of the best 2k and one by stake, the rest backs up', () => {
    const bids = many(12)
    const choice = choose(bids, 3)
    const members = choice.ranked.slice(0, 3)
    expect(members.map((bid) => bid.role)).to.deep.equal(['member', 'member', 'member'])
    expect(choice.ranked.slice(3).every((bid) => bid.role === 'backup')).to.equal(true)
    expect(choice.ranked).to.have.length(12)
    const pool = new Set([1, 2, 3, 4, 5, 6].map(address))
    for (const { provider } of members.slice(0, 2)) expect(pool.has(provider)).to.equal(true)
    const backups = choice.ranked.slice(3).map((bid) => bid.provider)
    const beyond = backups.filter((one) => !pool.has(one))
    expect(beyond).to.deep.equal([...beyond].sort())
    expect(backups.slice(backups.length - beyond.length)).to.deep.equal(beyond)
  })

  it('gives the last place to the best of the stake race over all that remain', () => {
    const bids = many(12)
    const rich = address(12)
    const heavy = draw(bids)
    const weights = new Map(heavy.weights).set(rich, 10n ** 30n)
    const third = choose(bids, 3, { ...heavy, weights }).ranked[2]
    expect(third?.provider).to.equal(rich)
    expect(seatScore(hash(1), 3, 6, rich, 10n ** 30n) >= 0n).to.equal(true)
  })

  it('fills the last place by the draw when nobody has stake', () => {
    const bids = many(8)
    const none = choose(bids, 3, { ...draw(bids), weights: new Map() })
    expect(none.ranked.slice(0, 3).every((bid) => bid.role === 'member')).to.equal(true)
    expect(new Set(providers(none)).size).to.equal(8)
  })

  it('draws others with another secret', () => {
    const bids = many(12)
    const first = (secret: number): string =>
      providers(choose(bids, 3, draw(bids, secret)))
        .slice(0, 3)
        .join()
    expect(new Set([1, 2, 3, 4, 5, 6, 7, 8].map(first)).size).to.be.greaterThan(3)
  })

  it('gives each of the best 2k its share of the drawn places', () => {
    const bids = many(12)
    const seen = new Map<Hex, number>()
    for (let secret = 1; secret <= 600; secret++) {
      for (const bid of choose(bids, 3, draw(bids, secret)).ranked.slice(0, 2)) {
        seen.set(bid.provider, (seen.get(bid.provider) ?? 0) + 1)
      }
    }
    // 1 200 places over 6 providers: 200 each; five standard deviations are 65.
    expect(seen.size).to.equal(6)
    for (const count of seen.values()) expect(count).to.be.within(135, 265)
  })
})
