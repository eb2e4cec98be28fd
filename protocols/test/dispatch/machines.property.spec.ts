import { expect } from 'chai'
import fc from 'fast-check'
import { segmentPriceCap } from '../../src/dispatch/index.ts'
import { stepPrice } from '../../src/market/index.ts'
import { type FACTS } from '../support/machine-fixtures.ts'
import { JoinedMachines } from '../support/joined-machines.ts'
import type { Faults } from '../support/joined-pair.ts'

const terms = fc
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
    const first = stepPrice(
      rest.priceIn,
      rest.priceOut,
      rest.inBucket,
      Math.min(64, rest.maxTokens),
    )
    const wanted = (cap * BigInt(share)) / 1000n
    return { ...rest, budget: wanted > first ? wanted : first }
  })

const stopAfter = fc.integer({ min: 0, max: 400 })
const honest: fc.Arbitrary<Faults> = fc.record({
  drop: fc.constant(false),
  cut: fc.constant(false),
  cancel: fc.boolean(),
  engineFails: fc.constant(false),
  stopAfter,
})
const hostile: fc.Arbitrary<Faults> = fc.record({
  drop: fc.boolean(),
  cut: fc.boolean(),
  cancel: fc.boolean(),
  engineFails: fc.boolean(),
  stopAfter,
})

/** A small generator: a run makes thousands of choices, far more than fast-check should shrink. */
function chance(seed: number): { pick(n: number): number } {
  let state = seed >>> 0
  return {
    pick(n) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      return Math.floor((state / 2 ** 32) * n)
    },
  }
}

function run(t: typeof FACTS.terms, faults: Faults, seed: number): JoinedMachines {
  const machines = new JoinedMachines(t, chance(seed), faults)
  machines.run()
  return machines
}

function issuedSum(machines: JoinedMachines): bigint {
  return machines.issued.reduce((sum, { amount }) => sum + amount, 0n)
}

describe('both machines joined', () => {
  const seed = fc.nat()

  it('keep every money rule over a link that delays, cuts and drops', () => {
    fc.assert(
      fc.property(terms, hostile, seed, (t, faults, number) => {
        const machines = run(t, faults, number)
        const { client, issued, provider, vouchers } = machines
        expect(machines.wrong).to.deep.equal([])
        // Bounds: what is signed, what is billed.
        expect(vouchers <= t.budget, 'signed more than the budget').to.equal(true)
        expect(issuedSum(machines)).to.equal(provider.progress.due)
        expect(provider.progress.due <= provider.progress.prepaid).to.equal(true)
        expect(client.progress.due <= provider.progress.due).to.equal(true)
        // Each receipt is the step's price over its tokens, and together they cover what was generated.
        for (const { tokensIn, tokensOut, amount } of issued) {
          expect(amount).to.equal(stepPrice(t.priceIn, t.priceOut, tokensIn, tokensOut))
        }
        const out = issued.reduce((sum, { tokensOut }) => sum + tokensOut, 0)
        expect(out).to.equal(provider.progress.receiptedOut)
      }),
      { numRuns: 400 },
    )
  })

  it('agree on what is due whenever the client says so', () => {
    fc.assert(
      fc.property(terms, hostile, seed, (t, faults, number) => {
        const machines = run(t, { ...faults, drop: false }, number)
        if (machines.agreed === true) {
          expect(machines.client.progress.due).to.equal(machines.provider.progress.due)
        }
      }),
      { numRuns: 300 },
    )
  })

  it('end finalized or cancelled on both sides when nothing breaks and the budget is enough', () => {
    fc.assert(
      fc.property(terms, honest, seed, (t, faults, number) => {
        const budget = segmentPriceCap({ ...t, budget: 0n })
        const machines = new JoinedMachines({ ...t, budget }, steady(number), faults)
        machines.run()
        const { client, provider } = machines
        expect(machines.wrong).to.deep.equal([])
        expect(client.state).to.be.oneOf(['finalized', 'cancelled'])
        expect(provider.state).to.be.oneOf(['finalized', 'cancelled'])
        if (client.finishReason !== undefined) {
          expect(client.progress.due).to.equal(provider.progress.due)
          expect(client.progress.ids).to.deep.equal(provider.progress.ids)
        }
      }),
      { numRuns: 200 },
    )
  })
})

/** As `chance`, but no long pause: nothing times out. */
function steady(seed: number): { pick(n: number): number } {
  const any = chance(seed)
  return { pick: (n) => (n === 50 ? 1 : any.pick(n)) }
}
