/** Rules E-13 and E-14. */
import { expect } from 'chai'
import type { Hex } from '@duckmesh/proto'
import { SeatLists, SeatWatch, TurnClock } from '../../src/election/index.ts'
import type { TurnId } from '../../src/election/index.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { MemoryElection, heartbeatOf, ownerOf, weightsOf } from './fixtures.ts'

const SHARD = 3
const TIMES = { epochS: 60, turnS: 10 }
/** A moment in the middle of a turn, ms. */
const START = 1_800_000_004_000
const weights = weightsOf(1_000, 1_000, 1_000, 1_000, 1_000)

interface World {
  clock: FakeClock
  turnClock: TurnClock
  lists: SeatLists
  watch: SeatWatch
  /** Seats of the turn at START by rank. */
  seats: Hex[]
}

async function createWorld(): Promise<World> {
  const clock = new FakeClock(START)
  const turnClock = new TurnClock(clock, TIMES)
  const lists = new SeatLists({ port: new MemoryElection(weights), turnClock })
  const watch = new SeatWatch({ clock, view: lists })
  return { clock, turnClock, lists, watch, seats: await lists.seats(SHARD, turnClock.now()) }
}

function beat({ watch }: World, ...owners: (Hex | undefined)[]): void {
  for (const owner of owners) {
    if (owner === undefined) expect.fail('no such seat')
    watch.heard(SHARD, heartbeatOf(owner))
  }
}

const without = (seats: readonly Hex[], ...gone: (Hex | undefined)[]): Hex[] =>
  seats.filter((owner) => !gone.includes(owner))

describe('seat watch: front', () => {
  it('is by rank while the watch has not listened long enough', async () => {
    const world = await createWorld()
    expect(await world.watch.front(SHARD)).to.deep.equal(world.seats)
    world.clock.set(START + 1_999)
    expect(await world.watch.front(SHARD)).to.deep.equal(world.seats)
  })

  it('skips a seat that was silent for more than 2 s', async () => {
    const world = await createWorld()
    const { clock, seats, watch } = world
    beat(world, seats[0], seats[1])
    clock.set(START + 1_500)
    beat(world, seats[1])
    clock.set(START + 2_000)
    expect((await watch.front(SHARD)).slice(0, 2)).to.deep.equal(seats.slice(0, 2))
    clock.set(START + 2_001)
    expect(await watch.front(SHARD)).to.deep.equal([seats[1], ...without(seats, seats[1])])
  })

  it('takes the next seat up as soon as it beats', async () => {
    const world = await createWorld()
    const { clock, seats, watch } = world
    beat(world, seats[0], seats[1])
    clock.set(START + 2_500)
    beat(world, seats[1], seats[2])
    const live = [seats[1], seats[2]]
    expect(await watch.front(SHARD)).to.deep.equal([...live, ...without(seats, ...live)])
    beat(world, seats[0])
    expect(await watch.front(SHARD)).to.deep.equal(seats)
  })

  it('gives seats a grace of 2 s at the start of their turn', async () => {
    const { clock, lists, turnClock, watch } = await createWorld()
    const next = turnClock.next(turnClock.now())
    const seats = await lists.seats(SHARD, next)
    clock.set(turnClock.startMs(next))
    expect(await watch.front(SHARD)).to.deep.equal(seats)
    watch.heard(SHARD, heartbeatOf(seats[3] ?? '0x'))
    clock.set(turnClock.startMs(next) + 1_999)
    expect(await watch.front(SHARD)).to.deep.equal(seats)
    clock.set(turnClock.startMs(next) + 2_000)
    expect((await watch.front(SHARD))[0]).to.equal(seats[3])
  })

  it('tells of another turn when asked', async () => {
    const { lists, turnClock, watch } = await createWorld()
    const next = turnClock.next(turnClock.now())
    expect(await watch.front(SHARD, next)).to.deep.equal(await lists.seats(SHARD, next))
  })

  it('all silent: the order is by rank again', async () => {
    const { clock, seats, watch } = await createWorld()
    clock.set(START + 5_000)
    expect(await watch.front(SHARD)).to.deep.equal(seats)
  })
})

describe('seat watch: silence', () => {
  it('is counted by shard and owner', async () => {
    const { clock, watch } = await createWorld()
    watch.heard(SHARD, heartbeatOf(ownerOf(0)))
    clock.set(START + 700)
    expect(watch.silentMs(SHARD, ownerOf(0))).to.equal(700)
    expect(watch.silentMs(SHARD + 1, ownerOf(0))).to.equal(undefined)
    expect(watch.silentMs(SHARD, ownerOf(1))).to.equal(undefined)
    clock.set(START - 5)
    expect(watch.silentMs(SHARD, ownerOf(0))).to.equal(0)
  })

  it('remembers the 128 owners heard last', async () => {
    const { watch } = await createWorld()
    for (let i = 0; i < 129; i++) watch.heard(SHARD, heartbeatOf(ownerOf(i)))
    expect(watch.silentMs(SHARD, ownerOf(0))).to.equal(undefined)
    expect(watch.silentMs(SHARD, ownerOf(1))).to.equal(0)
  })
})

describe('seat watch: who beats', () => {
  const beats = (world: World, rank: number): Promise<TurnId[]> =>
    world.watch.shouldBeat(SHARD, world.seats[rank] ?? '0x')

  it('the two best seats, and nobody else while they live', async () => {
    const world = await createWorld()
    const now = world.turnClock.now()
    const all = await Promise.all([0, 1, 2, 3, 4].map((rank) => beats(world, rank)))
    expect(all).to.deep.equal([[now], [now], [], [], []])
    world.clock.set(START + 3_000)
    beat(world, world.seats[0], world.seats[1])
    expect(await beats(world, 2)).to.deep.equal([])
  })

  it('the third one when one of them falls silent', async () => {
    const world = await createWorld()
    const now = world.turnClock.now()
    beat(world, world.seats[0])
    world.clock.set(START + 2_001)
    beat(world, world.seats[1])
    expect(await beats(world, 2)).to.deep.equal([now])
    // The fourth too until it hears the third; then it stops.
    expect(await beats(world, 3)).to.deep.equal([now])
    beat(world, world.seats[2])
    expect(await beats(world, 3)).to.deep.equal([])
    // The first one counts itself as living and comes back.
    expect(await beats(world, 0)).to.deep.equal([now])
  })

  it('nobody without a seat', async () => {
    const { watch } = await createWorld()
    expect(await watch.shouldBeat(SHARD, ownerOf(77))).to.deep.equal([])
  })

  it('one second before the turn, for the next turn too', async () => {
    const world = await createWorld()
    const { clock, lists, turnClock, watch } = world
    const now = turnClock.now()
    const next = turnClock.next(now)
    const [front] = await lists.seats(SHARD, next)
    const own = (): Promise<TurnId[]> => watch.shouldBeat(SHARD, front ?? '0x')
    clock.set(turnClock.startMs(next) - 1_001)
    expect(await own()).not.to.deep.include(next)
    clock.set(turnClock.startMs(next) - 1_000)
    expect(await own()).to.deep.include(next)
    clock.set(turnClock.startMs(next))
    expect(await own()).to.deep.equal([next])
  })
})
