/** Tests: four-bit weights. */
import { expect } from 'chai'
import fc from 'fast-check'
import { Q4_BLOCK, quantizeMatrix } from '../../../src/engine/pack/quantize-weights.ts'

/** Codes and scales read back as weights. */
function restore({ packed, scales }: ReturnType<typeof quantizeMatrix>): number[] {
  return Array.from({ length: 2 * packed.length }, (_, i) => {
    const byte = packed[i >> 1] ?? 0
    const code = i % 2 === 0 ? byte & 15 : byte >> 4
    return (code - 8) * (scales[Math.floor(i / Q4_BLOCK)] ?? NaN)
  })
}

describe('engine/pack/quantize-weights', () => {
  it('meets the largest weight of a block exactly and the others within half a step', () => {
    const block = fc.array(fc.float({ min: -4, max: 4, noNaN: true }), {
      minLength: 2 * Q4_BLOCK,
      maxLength: 2 * Q4_BLOCK,
    })
    fc.assert(
      fc.property(block, (weights) => {
        const values = Float32Array.from(weights)
        const quantized = quantizeMatrix(values, 1, values.length)
        const restored = restore(quantized)
        for (let b = 0; b < 2; b++) {
          const own = [...values.subarray(b * Q4_BLOCK, (b + 1) * Q4_BLOCK)]
          const most = own.reduce((a, v) => (Math.abs(v) > Math.abs(a) ? v : a), 0)
          const step = Math.abs(quantized.scales[b] ?? 0)
          own.forEach((value, i) => {
            const error = Math.abs((restored[b * Q4_BLOCK + i] ?? NaN) - value)
            // The side away from the largest weight has one code less.
            const bound = Math.sign(value) === Math.sign(most) ? step / 2 : step
            expect(error).to.be.at.most(bound * 1.0001 + 1e-30)
          })
          const index = b * Q4_BLOCK + own.indexOf(most)
          if (Math.abs(most) > 1e-30) expect(restored[index]).to.be.closeTo(most, 1e-6)
        }
      }),
    )
  })

  it('keeps zeros zero', () => {
    expect(restore(quantizeMatrix(new Float32Array(32), 1, 32))).to.deep.equal(
      Array.from({ length: 32 }, () => 0),
    )
  })
})
