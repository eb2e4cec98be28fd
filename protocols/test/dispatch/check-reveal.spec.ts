import { expect } from 'chai'
import fc from 'fast-check'
import { hexToBytes, tokenHash } from '@duckmesh/proto'
import type { Hex } from '@duckmesh/proto'
import { checkReveal } from '../../src/dispatch/check-reveal.ts'
import type { Commitment } from '../../src/dispatch/check-reveal.ts'

const salt: Hex = `0x${'5a'.repeat(32)}`

/** Commitments to the ids after each of these steps. */
function commitments(ids: readonly number[], steps: readonly number[]): Commitment[] {
  let tokens = 0
  return steps.map((step) => {
    tokens += step
    return { tokens, root: tokenHash(ids.slice(0, tokens), hexToBytes(salt, 32)) }
  })
}

const id = fc.nat({ max: 2 ** 32 - 1 })
const answer = fc.array(fc.array(id, { minLength: 1, maxLength: 64 }), { maxLength: 5 })

describe('checkReveal', () => {
  it('takes exactly the ids that were committed', () => {
    fc.assert(
      fc.property(answer, fc.nat(), (steps, where) => {
        const ids = steps.flat()
        const made = commitments(
          ids,
          steps.map(({ length }) => length),
        )
        expect(checkReveal(made, { salt, ids })).to.equal(null)
        expect(checkReveal(made, { salt, ids: [...ids, 1] })).to.include('tokens')
        if (ids.length === 0) return
        expect(checkReveal(made, { salt, ids: ids.slice(1) })).to.include('tokens')
        const index = where % ids.length
        const changed = ids.map((one, at) => (at === index ? one ^ 1 : one) >>> 0)
        expect(checkReveal(made, { salt, ids: changed })).to.include('does not open')
        const other: Hex = `0x${'5b'.repeat(32)}`
        expect(checkReveal(made, { salt: other, ids })).to.include('receipt 0')
      }),
      { numRuns: 100 },
    )
  })

  it('names the first receipt that it does not open', () => {
    const ids = [1, 2, 3, 4]
    const [first, second, third] = commitments(ids, [1, 2, 1])
    if (first === undefined || second === undefined || third === undefined) return
    const forged = { ...second, root: first.root }
    expect(checkReveal([first, forged, third], { salt, ids })).to.include('receipt 1')
  })

  it('of an answer without a token needs no commitment, and holds with one over nothing', () => {
    expect(checkReveal([], { salt, ids: [] })).to.equal(null)
    expect(checkReveal(commitments([], [0]), { salt, ids: [] })).to.equal(null)
  })
})
