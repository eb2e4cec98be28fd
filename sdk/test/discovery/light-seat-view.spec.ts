/** Tests: LightSeatView. */
import { expect } from 'chai'
import { SHARD, SeatWorld, hex, owner } from '../support/seat-world.ts'

describe('LightSeatView', () => {
  it('keeps the best of all that was ever told of a turn', async () => {
    const world = new SeatWorld()
    const id = world.turnClock.now()
    const drawn = world.drawn(id)
    expect(await world.view.seats(SHARD, id)).to.deep.equal([])
    await world.view.learn(SHARD, id, drawn.slice(4))
    expect(await world.view.seats(SHARD, id)).to.deep.equal(drawn.slice(4))
    await world.view.learn(SHARD, id, world.weights.keys())
    await world.view.learn(SHARD, id, [hex(1, 20)])
    expect(await world.view.seats(SHARD, id)).to.deep.equal(drawn)
    expect(await world.view.weight(owner(3), id.epoch)).to.equal(world.weights.get(owner(3)))
  })

  it('forgets old turns and no more', async () => {
    const world = new SeatWorld()
    for (let epoch = 0; epoch < 200; epoch++) {
      await world.view.learn(SHARD, { epoch, turn: 0 }, [owner(1)])
    }
    expect(await world.view.seats(SHARD, { epoch: 71, turn: 0 })).to.deep.equal([])
    expect(await world.view.seats(SHARD, { epoch: 72, turn: 0 })).to.deep.equal([owner(1)])
  })
})
