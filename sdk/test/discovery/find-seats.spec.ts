/** Tests: SeatFinder, with liars among the peers. */
import { DuckMeshError } from '@duckmesh/protocols'
import type { Hex } from '@duckmesh/protocols'
import { peerIdStringOf } from '@duckmesh/protocols/mesh'
import { expect } from 'chai'
import fc from 'fast-check'
import type { SeatReport } from '../../src/discovery/merge-seats.ts'
import { expectCode } from '../support/expect-code.ts'
import { settle } from '../support/fake-clock.ts'
import {
  NEVER,
  SHARD,
  SeatWorld,
  hex,
  keyOf,
  owner,
  peer,
  quiet,
  run,
} from '../support/seat-world.ts'
import type { Seat } from '../support/seat-world.ts'

const refuse = () => Promise.reject(new DuckMeshError('STREAM_CLOSED', 'Gone.'))

describe('SeatFinder', () => {
  it('gives the seats of the turn by rank, with peers and addresses that the host may dial', async () => {
    const world = new SeatWorld()
    const { id, seats } = await run(world, world.finder.seats(SHARD, quiet))
    expect(id).to.deep.equal(world.turnClock.now())
    expect(seats).to.deep.equal(
      world.drawn().map((who) => {
        const { peerKey, addresses } = world.seat(who)
        return { owner: who, peerKey, addresses }
      }),
    )
    expect(new Set(world.asked)).to.deep.equal(new Set(world.peers))
    const first = seats[0] ?? expect.fail()
    expect(world.merged.get(peerIdStringOf(first.peerKey))).to.deep.equal(first.addresses)
    expect(world.proofs).to.equal(0)
  })

  describe('against two liars of three', () => {
    const honestWins = async (world: SeatWorld): Promise<void> => {
      expect(await world.find()).to.deep.equal(world.drawn())
    }

    it('finds seats that they leave out', async () => {
      const world = new SeatWorld()
      const hidden = new Set(world.drawn().slice(0, 5))
      for (const n of [1, 2]) world.lie(n, (seat) => (hidden.has(seat.owner) ? undefined : seat))
      await honestWins(world)
    })

    it('drops owners that they invent', async () => {
      const world = new SeatWorld()
      for (const n of [1, 2]) {
        world.lie(n, (seat) => ({ ...seat, owner: hex(0xee00 + (Number(seat.owner) & 0xff), 20) }))
      }
      await honestWins(world)
    })

    it('drops stakers that have no seat', async () => {
      const world = new SeatWorld()
      const seated = world.drawn()
      const others = [...world.weights.keys()].filter((who) => !seated.includes(who)).slice(0, 7)
      const lie = (report: SeatReport): SeatReport =>
        report.map((turn) => ({ ...turn, seats: others.map((who) => world.seat(who)) }))
      world.say.set(peer(1), lie)
      world.say.set(peer(3), lie)
      await honestWins(world)
    })

    it('puts their order right', async () => {
      const world = new SeatWorld()
      const lie = (report: SeatReport): SeatReport =>
        report.map((turn) => ({ ...turn, seats: turn.seats.toReversed() }))
      for (const n of [2, 3]) world.say.set(peer(n), lie)
      await honestWins(world)
    })

    it('takes no seats of another turn for those of this one', async () => {
      const world = new SeatWorld()
      const lie = (report: SeatReport): SeatReport =>
        report.map((turn) => ({ ...turn, turn: turn.turn + 3 }))
      for (const n of [1, 2]) world.say.set(peer(n), lie)
      await honestWins(world)
    })

    it('goes to the peer that proves to act for the seat when they name peers of their own', async () => {
      const world = new SeatWorld()
      const thief = hex(0xff01, 32)
      world.operators.set(thief, hex(0xff02, 20))
      for (const n of [1, 2]) world.lie(n, (seat) => ({ ...seat, peerKey: thief }))
      const { seats } = await run(world, world.finder.seats(SHARD, quiet))
      expect(seats.map(({ peerKey }) => peerKey)).to.deep.equal(world.drawn().map(keyOf))
    })

    it('keeps an address of the honest one among theirs', async () => {
      const world = new SeatWorld()
      for (const n of [1, 2]) {
        const addresses = [1, 2, 3, 4].map((i) => `/ip4/192.0.2.${String(n)}/tcp/${String(i)}`)
        world.lie(n, (seat) => ({ ...seat, addresses: ['nonsense', ...addresses].slice(0, 4) }))
      }
      const { seats } = await run(world, world.finder.seats(SHARD, quiet))
      for (const seat of seats) {
        expect(seat.addresses).to.have.length.at.most(4)
        expect(seat.addresses).to.include(world.seat(seat.owner).addresses[0])
      }
    })

    it('holds for any mix of lies', async () => {
      const lies = fc.array(fc.nat({ max: 5 }), { minLength: 14, maxLength: 14 })
      await fc.assert(
        fc.asyncProperty(lies, fc.integer({ min: 0, max: 1_000 }), async (kinds, seed) => {
          const world = new SeatWorld()
          world.seed = seed
          let i = 0
          const change = (seat: Seat): Seat | undefined => {
            const kind = kinds[i++ % kinds.length] ?? 0
            if (kind === 0) return undefined
            if (kind === 1) return { ...seat, owner: hex(0xee00 + i, 20) }
            if (kind === 2) return { ...seat, owner: owner(i % 20) }
            if (kind === 3) return { ...seat, silentMs: NEVER, addresses: ['/x'] }
            return seat
          }
          world.lie(1, change)
          world.lie(3, change)
          const found = await world.find()
          expect([...found].sort()).to.deep.equal([...world.drawn()].sort())
        }),
        { numRuns: 40 },
      )
    })
  })

  describe('silence', () => {
    it('puts seats last that most peers have not heard for 2 s', async () => {
      const world = new SeatWorld()
      await world.clock.advance(5_000 - (world.clock.now() % 10_000))
      const [first, second, ...others] = world.drawn()
      if (first === undefined || second === undefined) expect.fail()
      const hush = (n: number, who: Hex, silentMs: number): void => {
        const before = world.say.get(peer(n))
        world.say.set(peer(n), async (honest) => {
          const report = (await before?.(honest)) ?? honest
          return report.map((turn) => ({
            ...turn,
            seats: turn.seats.map((seat) => (seat.owner === who ? { ...seat, silentMs } : seat)),
          }))
        })
      }
      for (const n of [1, 2]) hush(n, first, 2_001)
      // One peer of three does not silence a seat, and 2 s is not silence.
      hush(3, second, NEVER)
      for (const n of [1, 2]) hush(n, second, 2_000)
      expect(await world.find()).to.deep.equal([second, ...others, first])
    })

    it('says nothing in the first 2 s of a turn', async () => {
      const world = new SeatWorld()
      await world.clock.advance(10_000 - (world.clock.now() % 10_000) + 1_000)
      const [first] = world.drawn()
      for (const n of [1, 2, 3]) {
        world.lie(n, (seat) => (seat.owner === first ? { ...seat, silentMs: NEVER } : seat))
      }
      expect(await world.find()).to.deep.equal(world.drawn())
    })
  })

  describe('cache', () => {
    it('answers at once what is known, and asks again behind the answer after 2 s', async () => {
      const world = new SeatWorld()
      await world.clock.advance(10_000 - (world.clock.now() % 10_000))
      await world.find()
      expect(world.asked).to.have.length(3)
      await world.clock.advance(1_900)
      await world.finder.seats(SHARD, quiet)
      expect(world.asked).to.have.length(3)
      await world.clock.advance(200)
      await world.finder.seats(SHARD, quiet)
      await settle()
      expect(world.asked).to.have.length(6)
      expect(world.weightReads).to.be.at.most(20)
    })

    it('has the next turn before it begins, also when every peer is gone by then', async () => {
      const world = new SeatWorld()
      await world.find()
      for (const n of [1, 2, 3]) world.say.set(peer(n), refuse)
      await world.clock.advance(10_000)
      const { id, seats } = await world.finder.seats(SHARD, quiet)
      expect(id).to.deep.equal(world.turnClock.now())
      expect(seats.map((seat) => seat.owner)).to.deep.equal(world.drawn())
      await run(world, settle())
    })

    it('joins a running search', async () => {
      const world = new SeatWorld()
      const all = [world.finder.seats(SHARD, quiet), world.finder.seats(SHARD, quiet)]
      await run(world, Promise.all(all))
      expect(world.asked).to.have.length(3)
    })
  })

  it('replaces peers that do not answer, and asks no more than nine', async () => {
    const world = new SeatWorld()
    world.peers = Array.from({ length: 20 }, (_, n) => peer(n))
    const alive = new Set<Hex>()
    for (const key of world.peers) {
      world.say.set(key, (honest) => {
        if (world.asked.length < 4) return refuse()
        alive.add(key)
        return honest
      })
    }
    expect(await world.find()).to.deep.equal(world.drawn())
    expect(alive.size).to.equal(3)
    for (const key of world.peers) world.say.set(key, refuse)
    world.asked.length = 0
    await expectCode('SEATS_UNREACHABLE', () => run(world, world.finder.seats(7, quiet)))
    expect(world.asked).to.have.length(9)
  })

  it('asks two peers that answered and another one the next time', async () => {
    const world = new SeatWorld()
    world.peers = Array.from({ length: 12 }, (_, n) => peer(n))
    await world.find()
    const before = new Set(world.asked)
    world.asked.length = 0
    await run(world, world.finder.seats(7, quiet))
    expect(world.asked.filter((key) => before.has(key)).length).to.be.at.least(2)
    expect(world.asked).to.have.length(3)
  })

  it('does not wait for the slow when one has answered', async () => {
    const world = new SeatWorld()
    const never = new Promise<SeatReport>(() => undefined)
    world.say.set(peer(1), () => never)
    world.say.set(peer(2), () => never)
    const from = world.clock.now()
    expect(await world.find()).to.deep.equal(world.drawn())
    expect(world.clock.now() - from).to.be.at.most(400)
  })

  it('says SEATS_UNREACHABLE, CHAIN_UNREACHABLE or CANCELLED', async () => {
    const world = new SeatWorld()
    const failing = (): Promise<unknown> => run(world, world.finder.seats(SHARD, quiet))
    world.blind = true
    await expectCode('CHAIN_UNREACHABLE', failing)
    world.blind = false
    for (const n of [1, 2, 3]) world.say.set(peer(n), () => [])
    await expectCode('SEATS_UNREACHABLE', failing)
    world.peers = []
    await expectCode('SEATS_UNREACHABLE', failing)
    world.peers = [peer(1)]
    world.say.set(peer(1), () => new Promise(() => undefined))
    const controller = new AbortController()
    const waiting = world.finder.seats(SHARD, controller.signal)
    controller.abort()
    await expectCode('CANCELLED', () => waiting)
  })

  it('goes on when the seed of the next epoch is not fixed yet', async () => {
    const world = new SeatWorld()
    const now = world.turnClock.now()
    const end = world.turnClock.startMs({ epoch: now.epoch + 1, turn: 0 })
    await world.clock.advance(end - world.clock.now() - 5_000)
    world.unfixed = now.epoch + 1
    expect(await world.find()).to.deep.equal(world.drawn())
  })
})
