import { expect } from 'chai'
import fc from 'fast-check'
import { STEP_NUMBERS, STEP_TOKENS } from '../../src/dispatch/constants.ts'
import { numberIds, numbersOf } from '../../src/dispatch/index.ts'
import { checkNumberChunk, keptIds } from '../../src/dispatch/number-terms.ts'
import { firstStepPrice, nextStepPrice, segmentPriceCap } from '../../src/dispatch/price.ts'
import { stepTerms } from '../../src/dispatch/price.ts'

const EMBED = { task: 'embed', width: 3 } as const
const CLASSIFY = { task: 'classify', width: 3 } as const
const ids = (...numbers: number[]): number[] => numberIds(Float32Array.from(numbers))
const check = (
  terms: typeof EMBED | typeof CLASSIFY,
  numbers: readonly number[],
  before: readonly number[] = [],
  textDelta = '',
): string | null => checkNumberChunk(terms, ids(...before), { ids: ids(...numbers), textDelta })

describe('numbers as ids', () => {
  it('are their 32 bits, there and back', () => {
    expect(ids(0, 1, -2, 0.5)).to.deep.equal([0, 0x3f80_0000, 0xc000_0000, 0x3f00_0000])
    fc.assert(
      fc.property(fc.float32Array({ noNaN: true }), (numbers) => {
        expect(numbersOf(numberIds(numbers))).to.deep.equal(numbers)
      }),
    )
  })

  it('are read from a view that lies across four bytes of another', () => {
    const all = Float32Array.from([9, 1, 2])
    expect(numberIds(all.subarray(1))).to.deep.equal(ids(1, 2))
  })
})

describe('checkNumberChunk', () => {
  it('takes embeddings of length 1, wherever they are cut', () => {
    expect(check(EMBED, [1, 0, 0, 0, -1, 0])).to.equal(null)
    expect(check(EMBED, [0.6, 0.8])).to.equal(null)
    expect(check(EMBED, [0, 1, 0], [0.6, 0.8])).to.equal(null)
    expect(check(EMBED, [0.7071068, 0.7071068, 0], [1, 0, 0])).to.equal(null)
  })

  it('refuses an embedding of another length as soon as it is whole', () => {
    expect(check(EMBED, [1, 0])).to.equal(null)
    expect(check(EMBED, [1], [1, 0])).to.contain('length')
    expect(check(EMBED, [1, 0, 0, 0, 0, 0])).to.contain('length')
    expect(check(EMBED, [1.01, 0, 0])).to.contain('length')
    expect(check(EMBED, [1.0001, 0, 0])).to.equal(null)
  })

  it('refuses what is no finite number, of both tasks', () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(check(EMBED, [bad])).to.contain('finite')
      expect(check(CLASSIFY, [0, bad])).to.contain('finite')
    }
  })

  it('takes logits of any size', () => {
    expect(check(CLASSIFY, [-30, 0, 1e30])).to.equal(null)
  })

  it('refuses a text beside numbers', () => {
    expect(check(CLASSIFY, [1, 2, 3], [], 'glad')).to.contain('text')
  })
})

describe('keptIds', () => {
  it('keeps whole texts, as many as a prefix may have', () => {
    const eight = [1, 2, 3, 4, 5, 6, 7, 8]
    expect(keptIds(3, eight, 100)).to.deep.equal(eight.slice(0, 6))
    expect(keptIds(3, eight, 5)).to.deep.equal([1, 2, 3])
    expect(keptIds(3, [1, 2], 100)).to.deep.equal([])
  })
})

describe('steps of numbers', () => {
  const terms = { priceIn: 1_000n, priceOut: 1_000n, inBucket: 8, maxTokens: 1_200, budget: 0n }

  it('have 512 where a chat has 64, and the price of so many', () => {
    expect([STEP_TOKENS, STEP_NUMBERS]).to.deep.equal([64, 512])
    expect(firstStepPrice(terms)).to.equal(8n + 64n)
    const numbers = { ...terms, ...stepTerms('embed') }
    expect(firstStepPrice(numbers)).to.equal(8n + 512n)
    expect(nextStepPrice(numbers, 1_024)).to.equal(176n)
    expect(segmentPriceCap(numbers)).to.equal(8n + 1_200n)
    expect(stepTerms(undefined)).to.deep.equal({})
  })
})
