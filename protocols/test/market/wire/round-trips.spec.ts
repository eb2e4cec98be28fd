import { expect } from 'chai'
import fc from 'fast-check'
import type { Hex } from '@duckmesh/proto'
import { RoundTrips } from '../../../src/market/wire/round-trips.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const SEAT: Hex = `0x${'aa'.repeat(20)}`
const OTHER: Hex = `0x${'bb'.repeat(20)}`
const owner = (n: number): Hex => `0x${n.toString(16).padStart(40, '0')}`

describe('RoundTrips', () => {
  let clock: FakeClock
  let trips: RoundTrips

  beforeEach(() => {
    clock = new FakeClock()
    trips = new RoundTrips({ clock })
  })

  it('assumes 100 ms for a seat that it does not know, whatever it knows of others', () => {
    trips.measured(OTHER, 700)
    expect(trips.allowance(SEAT)).to.equal(100)
  })

  it('allows the mean and four deviations: three times the first measurement', () => {
    trips.measured(SEAT, 80)
    expect(trips.allowance(SEAT)).to.equal(240)
    // Mean 80 + (160 - 80) / 8 = 90, deviation 40 + (80 - 40) / 4 = 50.
    trips.measured(SEAT, 160)
    expect(trips.allowance(SEAT)).to.equal(290)
  })

  it('follows a seat that gets slow at once, and one that is quick again bit by bit', () => {
    for (let n = 0; n < 20; n += 1) trips.measured(SEAT, 5)
    expect(trips.allowance(SEAT)).to.equal(50)
    trips.measured(SEAT, 400)
    const slow = trips.allowance(SEAT)
    expect(slow).to.be.above(400)
    trips.measured(SEAT, 5)
    expect(trips.allowance(SEAT)).to.be.below(slow).and.above(200)
    for (let n = 0; n < 30; n += 1) trips.measured(SEAT, 5)
    expect(trips.allowance(SEAT)).to.equal(50)
  })

  it('forgets after ten minutes without a measurement', () => {
    trips.measured(SEAT, 200)
    clock.set(clock.now() + 599_999)
    expect(trips.allowance(SEAT)).to.equal(600)
    clock.set(clock.now() + 1)
    expect(trips.allowance(SEAT)).to.equal(100)
    // And starts anew, not from the mean of before.
    trips.measured(SEAT, 20)
    expect(trips.allowance(SEAT)).to.equal(60)
  })

  it('remembers 256 seats, those measured last', () => {
    for (let n = 0; n <= 256; n += 1) {
      trips.measured(owner(n), 200)
      if (n === 255) trips.measured(owner(0), 200)
    }
    expect(trips.allowance(owner(1))).to.equal(100)
    for (const kept of [0, 2, 256]) expect(trips.allowance(owner(kept))).to.be.above(200)
  })

  it('stays within 50 ms and 1 s, and covers a seat that always takes the same', () => {
    const ms = fc.integer({ min: -5, max: 100_000 })
    fc.assert(
      fc.property(fc.array(ms, { minLength: 1 }), (samples) => {
        const some = new RoundTrips({ clock })
        for (const one of samples) some.measured(SEAT, one)
        const allowed = some.allowance(SEAT)
        expect(allowed).to.be.within(50, 1_000)
        expect(Number.isInteger(allowed)).to.equal(true)
      }),
    )
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000 }), fc.nat(40), (same, times) => {
        const steady = new RoundTrips({ clock })
        for (let n = 0; n <= times; n += 1) steady.measured(SEAT, same)
        expect(steady.allowance(SEAT)).to.be.at.least(same)
      }),
    )
  })
})
