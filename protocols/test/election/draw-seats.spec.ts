/** Rules E-7 to E-9 and E-12. */
import { expect } from 'chai'
import fc from 'fast-check'
import type { Hex } from '@duckmesh/proto'
import { drawSeats, seatScore } from '../../src/election/index.ts'
import { expectCode } from '../support/expect-code.ts'
import { DUCK, ownerOf, seedOfName, weightsOf } from './fixtures.ts'

const TURNS = 20_000
/** Upper 1 % points of the chi-square distribution by degrees of freedom. */
const CRITICAL = { 1: 6.635, 4: 13.277, 9: 21.666 }

const seed = fc.nat({ max: 1_000_000 }).map((n) => seedOfName(String(n)))
const stakes = fc.array(fc.bigInt({ min: 0n, max: 100_000n * DUCK }), {
  minLength: 1,
  maxLength: 40,
})
const mapOf = (list: readonly bigint[]): Map<Hex, bigint> =>
  new Map(list.map((stake, i) => [ownerOf(i), stake]))

/** How often each owner had rank 0 in many turns. */
function frontCounts(weights: ReadonlyMap<Hex, bigint>, name: string): Map<Hex, number> {
  const counts = new Map<Hex, number>()
  const seeds = Array.from({ length: TURNS / 60 + 1 }, (_, epoch) =>
    seedOfName(`${name} ${String(epoch)}`),
  )
  for (let i = 0; i < TURNS; i++) {
    const draw = {
      seed: seeds[Math.floor(i / 60)] ?? '0x',
      shard: i % 16,
      turn: i % 60,
      weights,
      count: 1,
    }
    const [front] = drawSeats(draw)
    if (front !== undefined) counts.set(front, (counts.get(front) ?? 0) + 1)
  }
  return counts
}

function chiSquare(counts: readonly number[], shares: readonly number[]): number {
  return counts.reduce((sum, count, i) => {
    const expected = TURNS * (shares[i] ?? 0)
    return sum + (count - expected) ** 2 / expected
  }, 0)
}

describe('draw of seats', () => {
  it('rank 0 over 20 000 turns follows the stake: chi-square p > 0.01', () => {
    const list = [1_000, 1_000, 2_000, 3_000, 5_000, 8_000, 13_000, 21_000, 34_000, 55_000]
    const total = list.reduce((sum, stake) => sum + stake, 0)
    const counts = frontCounts(weightsOf(...list), 'fair')
    const chi = chiSquare(
      list.map((_, i) => counts.get(ownerOf(i)) ?? 0),
      list.map((stake) => stake / total),
    )
    expect(chi).to.be.below(CRITICAL[9])
  }).timeout(60_000)

  it('splitting a stake over ten names keeps its share: chi-square p > 0.01', () => {
    const split = new Array<number>(10).fill(2_000)
    const counts = frontCounts(weightsOf(...split, 30_000, 50_000), 'sybil')
    const sybil = split.reduce((sum, _, i) => sum + (counts.get(ownerOf(i)) ?? 0), 0)
    expect(chiSquare([sybil, TURNS - sybil], [0.2, 0.8])).to.be.below(CRITICAL[1])
  }).timeout(60_000)

  it('the chi-square test can fail: seats that ignore the stake are found out', () => {
    const counts = frontCounts(weightsOf(1, 1, 1, 1, 1), 'flat')
    const flat = [0, 1, 2, 3, 4].map((i) => counts.get(ownerOf(i)) ?? 0)
    expect(chiSquare(flat, [0.1, 0.1, 0.2, 0.2, 0.4])).to.be.above(CRITICAL[4])
  }).timeout(60_000)

  it('does not depend on the order of the map', () => {
    fc.assert(
      fc.property(seed, stakes, fc.integer(), (value, list, rotation) => {
        const entries = [...mapOf(list)]
        const by = Math.abs(rotation) % entries.length
        const turned = [...entries.slice(by), ...entries.slice(0, by)].reverse()
        const draw = { seed: value, shard: 5, turn: 17 }
        expect(drawSeats({ ...draw, weights: new Map(turned) })).to.deep.equal(
          drawSeats({ ...draw, weights: new Map(entries) }),
        )
      }),
    )
  })

  it('seats at most seven, each owner once, nobody without weight, in the order of scores', () => {
    fc.assert(
      fc.property(seed, stakes, fc.nat({ max: 15 }), (value, list, shard) => {
        const weights = mapOf(list)
        const seats = drawSeats({ seed: value, shard, turn: 3, weights })
        const staked = [...weights].filter(([, weight]) => weight > 0n)
        expect(seats).to.have.length(Math.min(7, staked.length))
        expect(new Set(seats).size).to.equal(seats.length)
        const scores = seats.map((owner) =>
          seatScore(value, shard, 3, owner, weights.get(owner) ?? 0n),
        )
        const last = scores.at(-1) ?? 0n
        expect(scores).to.deep.equal([...scores].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)))
        const others = staked.filter(([owner]) => !seats.includes(owner))
        for (const [owner, weight] of others) {
          expect(seatScore(value, shard, 3, owner, weight) >= last).to.equal(true)
        }
      }),
    )
  })

  it('a light client that knows the seats among other owners draws the same seats', () => {
    fc.assert(
      fc.property(seed, stakes, fc.nat({ max: 40 }), (value, list, known) => {
        const draw = { seed: value, shard: 1, turn: 2 }
        const weights = mapOf(list)
        const seats = drawSeats({ ...draw, weights })
        const some = [...weights].filter(([owner], i) => seats.includes(owner) || i % 41 < known)
        expect(drawSeats({ ...draw, weights: new Map(some) })).to.deep.equal(seats)
      }),
    )
  })

  it('gives a tie to the lower address', () => {
    // So much weight that every score is 0.
    const weights = new Map([3, 1, 2].map((i) => [ownerOf(i), 2n ** 200n]))
    expect(drawSeats({ seed: seedOfName('tie'), shard: 0, turn: 0, weights })).to.deep.equal(
      [1, 2, 3].map(ownerOf).sort(),
    )
  })

  it('draws again for each turn, shard and seed', () => {
    const weights = mapOf(new Array<bigint>(30).fill(1_000n * DUCK))
    const draw = { seed: seedOfName('a'), shard: 0, turn: 0, weights }
    const first = drawSeats(draw)
    expect(drawSeats(draw)).to.deep.equal(first)
    expect(drawSeats({ ...draw, turn: 1 })).not.to.deep.equal(first)
    expect(drawSeats({ ...draw, shard: 1 })).not.to.deep.equal(first)
    expect(drawSeats({ ...draw, seed: seedOfName('b') })).not.to.deep.equal(first)
    expect(drawSeats({ ...draw, count: 2 })).to.deep.equal(first.slice(0, 2))
  })

  it('an owner without weight comes last of all numbers', () => {
    expect(seatScore(seedOfName('a'), 0, 0, ownerOf(0), 0n)).to.equal(2n ** 256n - 1n)
  })

  it('refuses a shard or turn that the chain could not hash', async () => {
    const score = (shard: number, turn: number) => (): unknown =>
      seatScore(seedOfName('a'), shard, turn, ownerOf(0), 1n)
    await expectCode('FIELD_OUT_OF_RANGE', score(256, 0))
    await expectCode('FIELD_OUT_OF_RANGE', score(-1, 0))
    await expectCode('FIELD_OUT_OF_RANGE', score(0.5, 0))
    await expectCode('FIELD_OUT_OF_RANGE', score(0, 2 ** 32))
  })
})
