/** Rules E-1 and E-2. */
import { expect } from 'chai'
import fc from 'fast-check'
import { TurnClock } from '../../src/election/index.ts'
import { expectCode } from '../support/expect-code.ts'
import { FakeClock } from '../support/fake-clock.ts'

const PUBLIC = { epochS: 3_600, turnS: 60 }
/** The last turn of an epoch is cut short. */
const UNEVEN = { epochS: 100, turnS: 30 }

describe('turn clock', () => {
  it('counts epochs and turns as SCHEMAS says', () => {
    const clock = new TurnClock(new FakeClock(0), PUBLIC)
    expect(clock.now()).to.deep.equal({ epoch: 0, turn: 0 })
    expect(clock.at(59_999)).to.deep.equal({ epoch: 0, turn: 0 })
    expect(clock.at(60_000)).to.deep.equal({ epoch: 0, turn: 1 })
    expect(clock.at(3_599_999)).to.deep.equal({ epoch: 0, turn: 59 })
    expect(clock.at(1_800_000_000_000)).to.deep.equal({ epoch: 500_000, turn: 0 })
    expect(clock.next({ epoch: 0, turn: 59 })).to.deep.equal({ epoch: 1, turn: 0 })
    expect(clock.startMs({ epoch: 2, turn: 3 })).to.equal((2 * 3_600 + 3 * 60) * 1_000)
  })

  it('every moment lies in exactly one turn, and turns follow one another', () => {
    const times = fc.constantFrom(
      PUBLIC,
      UNEVEN,
      { epochS: 60, turnS: 10 },
      { epochS: 7, turnS: 7 },
    )
    fc.assert(
      fc.property(times, fc.nat({ max: 4_000_000_000_000 }), (durations, ms) => {
        const clock = new TurnClock(new FakeClock(ms), durations)
        const id = clock.now()
        expect(ms).to.be.within(clock.startMs(id), clock.endMs(id) - 1)
        expect(clock.at(clock.startMs(id))).to.deep.equal(id)
        expect(clock.at(clock.endMs(id))).to.deep.equal(clock.next(id))
      }),
    )
  })

  it('the last turn of an uneven epoch ends with the epoch', () => {
    const clock = new TurnClock(new FakeClock(0), UNEVEN)
    expect(clock.endMs({ epoch: 0, turn: 3 }) - clock.startMs({ epoch: 0, turn: 3 })).to.equal(
      10_000,
    )
    expect(clock.next({ epoch: 0, turn: 3 })).to.deep.equal({ epoch: 1, turn: 0 })
  })

  it('a neighbour turn counts within 2 s of the boundary', () => {
    const time = new FakeClock(600_000)
    const clock = new TurnClock(time, PUBLIC)
    const [before, now, after] = [9, 10, 11].map((turn) => ({ epoch: 0, turn }))
    const current = (): boolean[] =>
      [before, now, after].map((id) => id !== undefined && clock.isCurrent(id))
    expect(current()).to.deep.equal([true, true, false])
    time.set(601_999)
    expect(current()).to.deep.equal([true, true, false])
    time.set(602_000)
    expect(current()).to.deep.equal([false, true, false])
    time.set(657_999)
    expect(current()).to.deep.equal([false, true, false])
    time.set(658_000)
    expect(current()).to.deep.equal([false, true, true])
  })

  it('a turn that its epoch does not have never counts', () => {
    const time = new FakeClock(3_600_000)
    const clock = new TurnClock(time, PUBLIC)
    expect(clock.isCurrent({ epoch: 1, turn: 0 })).to.equal(true)
    // The same moment under another name.
    expect(clock.isCurrent({ epoch: 0, turn: 60 })).to.equal(false)
    expect(clock.isCurrent({ epoch: 2, turn: -60 })).to.equal(false)
    expect(clock.isCurrent({ epoch: 1, turn: Number.NaN })).to.equal(false)
  })

  it('refuses durations that are no turns', async () => {
    for (const times of [
      { epochS: 60, turnS: 0 },
      { epochS: 10, turnS: 60 },
      { epochS: 60.5, turnS: 1 },
    ]) {
      await expectCode('CONFIG_INVALID', () => new TurnClock(new FakeClock(), times))
    }
  })
})
