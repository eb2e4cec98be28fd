/** Rule E-10. */
import { expect } from 'chai'
import { DuckMeshError } from '../../src/errors.ts'
import { SeatLists, TurnClock, drawSeats } from '../../src/election/index.ts'
import { expectCode } from '../support/expect-code.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { MemoryElection, ownerOf, seedOfName, weightsOf } from './fixtures.ts'

const weights = weightsOf(1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 7_000, 8_000, 9_000)

function listsOf(port: MemoryElection): SeatLists {
  return new SeatLists({
    port,
    turnClock: new TurnClock(new FakeClock(), { epochS: 60, turnS: 10 }),
  })
}

describe('seat lists', () => {
  it('are the draw from the weights and the seed of the epoch', async () => {
    const lists = listsOf(new MemoryElection(weights))
    const seats = await lists.seats(7, { epoch: 4, turn: 2 })
    const seed = seedOfName('seed 4')
    expect(seats).to.deep.equal(drawSeats({ seed, shard: 7, turn: 2, weights }))
    expect(await lists.seed(4)).to.equal(seed)
    expect(await lists.weight(ownerOf(3), 4)).to.equal(weights.get(ownerOf(3)))
    expect(await lists.weight(ownerOf(99), 4)).to.equal(0n)
  })

  it('read the chain once an epoch, however many ask at the same time', async () => {
    const port = new MemoryElection(weights)
    const lists = listsOf(port)
    const asks = Array.from({ length: 16 }, (_, shard) =>
      lists.seats(shard, { epoch: 1, turn: shard % 6 }),
    )
    await Promise.all([...asks, lists.weight(ownerOf(0), 1), lists.seed(1)])
    await lists.seats(0, { epoch: 1, turn: 5 })
    expect(port.reads.sort()).to.deep.equal(['seed 1', 'weights 1'])
  })

  it('a failure is told to all who wait and forgotten', async () => {
    const port = new MemoryElection(weights)
    const lists = listsOf(port)
    port.broken = new DuckMeshError('CHAIN_UNREACHABLE', 'No view of the chain.')
    const id = { epoch: 1, turn: 0 }
    const asks = [lists.seats(0, id), lists.seats(1, id)]
    for (const ask of asks) await expectCode('CHAIN_UNREACHABLE', () => ask)
    port.broken = null
    expect(await lists.seats(0, id)).to.have.length(7)
  })

  it('keep three epochs, the least recently used one makes room', async () => {
    const port = new MemoryElection(weights)
    const lists = listsOf(port)
    for (const epoch of [1, 2, 3]) await lists.seed(epoch)
    await lists.seed(1)
    await lists.seed(4)
    expect(port.reads).to.have.length(4)
    await lists.seed(1)
    await lists.seed(3)
    expect(port.reads).to.have.length(4)
    await lists.seed(2)
    expect(port.reads).to.have.length(5)
  })

  it('give lists that a caller may change', async () => {
    const lists = listsOf(new MemoryElection(weights))
    const id = { epoch: 1, turn: 0 }
    const seats = await lists.seats(0, id)
    seats.reverse().pop()
    expect(await lists.seats(0, id)).not.to.deep.equal(seats)
    expect(await lists.seats(0, id)).to.have.length(7)
  })
})
