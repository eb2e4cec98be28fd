/** Tests: how prompts are cut and put together. */
import { expect } from 'chai'
import fc from 'fast-check'
import {
  MAX_SPREAD,
  pieceEnd,
  PREFILL_CHUNK,
  promptsTogether,
} from '../../../src/engine/run/prompt-pieces.ts'

describe('engine/run/prompt-pieces', () => {
  it('cuts at multiples of the chunk, and never a single token off', () => {
    expect([pieceEnd(0, 300), pieceEnd(64, 300), pieceEnd(256, 300)]).to.deep.equal([64, 128, 300])
    expect([pieceEnd(16, 300), pieceEnd(0, 64), pieceEnd(64, 130)]).to.deep.equal([64, 64, 128])
    expect([pieceEnd(0, 65), pieceEnd(63, 65), pieceEnd(48, 65)]).to.deep.equal([63, 65, 63])
    expect(pieceEnd(0, 1)).to.equal(1)
  })

  it('reaches the end of any prompt in pieces of 2 to 64 tokens', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 2000 }), fc.nat(100), (total, blocks) => {
        let start = Math.min(16 * blocks, 16 * Math.floor((total - 2) / 16))
        while (start < total) {
          const end = pieceEnd(start, total)
          expect(end - start).to.be.within(2, PREFILL_CHUNK)
          start = end
        }
        expect(start).to.equal(total)
      }),
    )
  })

  it('takes prompts together that pad to one chunk at most and differ little', () => {
    expect(promptsTogether([12, 12, 40, 14, 21, 11])).to.deep.equal([0, 1, 3, 5])
    expect(promptsTogether([40, 12])).to.deep.equal([0])
    expect(promptsTogether([1, 1, 2])).to.deep.equal([0])
    expect(promptsTogether([])).to.deep.equal([])
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 65 }), { minLength: 1 }), (lengths) => {
        const taken = promptsTogether(lengths)
        const own = taken.map((index) => lengths[index] ?? 0)
        expect(taken[0]).to.equal(0)
        expect(Math.max(...own) - Math.min(...own)).to.be.at.most(MAX_SPREAD)
        if (taken.length > 1) {
          expect(taken.length * Math.max(...own)).to.be.at.most(PREFILL_CHUNK)
          expect(Math.min(...own)).to.be.at.least(2)
        }
      }),
    )
  })
})
