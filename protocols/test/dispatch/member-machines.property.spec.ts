import { expect } from 'chai'
import fc from 'fast-check'
import { segmentPriceCap } from '../../src/dispatch/index.ts'
import { stepPrice } from '../../src/market/index.ts'
import type { Chance, Faults } from '../support/joined-pair.ts'
import type { FACTS } from '../support/machine-fixtures.ts'
import { JoinedMembers } from './support/joined-members.ts'

type Terms = typeof FACTS.terms

const terms: fc.Arbitrary<Terms> = fc
  .record({
    priceIn: fc.bigInt({ min: 0n, max: 5_000n }),
    priceOut: fc.bigInt({ min: 1n, max: 5_000n }),
    inBucket: fc.constantFrom(16, 64, 512),
    maxTokens: fc.integer({ min: 1, max: 300 }),
    /** Per mille of the price of all steps; the first step is always affordable. */
    share: fc.integer({ min: 300, max: 1_200 }),
  })
  .map(({ share, ...rest }) => {
    const cap = segmentPriceCap({ ...rest, budget: 0n })
    const { inBucket, maxTokens, priceIn, priceOut } = rest
    const first = stepPrice(priceIn, priceOut, inBucket, Math.min(64, maxTokens))
    const wanted = (cap * BigInt(share)) / 1000n
    return { ...rest, budget: wanted > first ? wanted : first }
  })

const stopAfter = fc.integer({ min: 0, max: 400 })

function faults(hostile: boolean): fc.Arbitrary<Faults> {
  const maybe = hostile ? fc.boolean() : fc.constant(false)
  return fc.record({ drop: maybe, cut: maybe, engineFails: maybe, cancel: fc.boolean(), stopAfter })
}

/** A small generator: a run makes thousands of choices, far more than fast-check should shrink. */
function chance(seed: number, steady = false): Chance {
  let state = seed >>> 0
  return {
    pick(n) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      // Of 50 stands for a long pause.
      return steady && n === 50 ? 1 : Math.floor((state / 2 ** 32) * n)
    },
  }
}

function run(t: Terms, f: Faults, seed: number, steady = false): JoinedMembers {
  const machines = new JoinedMembers(t, chance(seed, steady), f)
  machines.run()
  return machines
}

describe('both machines of a member joined', () => {
  it('keep every money rule over a link that delays, cuts and drops', () => {
    fc.assert(
      fc.property(terms, faults(true), fc.nat(), (t, f, seed) => {
        const { booked, client, issued, provider, vouchers, wrong } = run(t, f, seed)
        expect(wrong).to.deep.equal([])
        const billed = issued.reduce((sum, { amount }) => sum + amount, 0n)
        expect(billed).to.equal(provider.progress.due)
        // Nobody pays for what was not committed, nobody earns what was not paid.
        expect(booked <= vouchers).to.equal(true)
        expect(vouchers <= billed).to.equal(true)
        expect(vouchers <= t.budget, 'signed more than the budget').to.equal(true)
        expect(client.progress.prepaid).to.equal(vouchers)
        // A member is never out by more than the step it ran last.
        const most = stepPrice(t.priceIn, t.priceOut, 10, 64)
        expect(billed - booked <= most).to.equal(true)
      }),
      { numRuns: 400 },
    )
  })

  it('end with the same money and the same ids when nothing breaks', () => {
    fc.assert(
      fc.property(terms, faults(false), fc.nat(), (t, f, seed) => {
        const budget = segmentPriceCap({ ...t, budget: 0n })
        const { booked, client, provider, vouchers, wrong } = run({ ...t, budget }, f, seed, true)
        expect(wrong).to.deep.equal([])
        expect(client.state).to.be.oneOf(['finalized', 'cancelled'])
        expect(booked).to.equal(provider.progress.due)
        expect(vouchers).to.equal(booked)
        if (client.state !== 'finalized') return
        expect(client.progress.ids).to.deep.equal(provider.progress.ids)
        expect(client.finishReason).to.equal(provider.finishReason)
      }),
      { numRuns: 300 },
    )
  })

  it('pay all that a stopped member did when the budget ends it', () => {
    fc.assert(
      fc.property(terms, faults(false), fc.nat(), (t, f, seed) => {
        const { booked, client, provider, wrong } = run(t, { ...f, cancel: false }, seed, true)
        expect(wrong).to.deep.equal([])
        expect(client.failure?.code).to.be.oneOf([undefined, 'BUDGET'])
        expect(booked).to.equal(provider.progress.due)
      }),
      { numRuns: 200 },
    )
  })
})
