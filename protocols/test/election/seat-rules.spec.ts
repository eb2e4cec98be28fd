/** Rules E-2 and E-11, as gossip asks them. */
import { expect } from 'chai'
import { DuckMeshError } from '../../src/errors.ts'
import { ElectionSeatRules, SeatLists, TurnClock } from '../../src/election/index.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { MemoryElection, ownerOf, weightsOf } from './fixtures.ts'

const NINE = weightsOf(...new Array<number>(9).fill(1_000))

function world(): { port: MemoryElection; clock: FakeClock; lists: SeatLists } {
  const port = new MemoryElection(NINE)
  const clock = new FakeClock(1_800_000_004_000)
  const turnClock = new TurnClock(clock, { epochS: 60, turnS: 10 })
  return { port, clock, lists: new SeatLists({ port, turnClock }) }
}

describe('seat rules', () => {
  it('a seat is one of the seven of its turn and shard', async () => {
    const { lists } = world()
    const rules = new ElectionSeatRules(lists)
    const id = lists.turnClock.now()
    const seats = await lists.seats(4, id)
    const answers = await Promise.all([...NINE.keys()].map((owner) => rules.isSeat(owner, 4, id)))
    expect(answers).to.deep.equal([...NINE.keys()].map((owner) => seats.includes(owner)))
    expect(answers.filter(Boolean)).to.have.length(7)
    expect(await rules.isSeat(ownerOf(55), 4, id)).to.equal(false)
  })

  it('without a view of the chain nothing is known', async () => {
    const { lists, port } = world()
    port.broken = new DuckMeshError('CHAIN_UNREACHABLE', 'No view of the chain.')
    const rules = new ElectionSeatRules(lists)
    expect(await rules.isSeat(ownerOf(0), 4, lists.turnClock.now())).to.equal('unknown')
  })

  it('the time is that of the running turn and its near neighbours', () => {
    const { clock, lists } = world()
    const rules = new ElectionSeatRules(lists)
    const now = lists.turnClock.now()
    expect(rules.isTime(now)).to.equal(true)
    expect(rules.isTime(lists.turnClock.next(now))).to.equal(false)
    clock.set(lists.turnClock.endMs(now) - 1_000)
    expect(rules.isTime(lists.turnClock.next(now))).to.equal(true)
  })
})
