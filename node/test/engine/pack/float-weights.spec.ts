import { expect } from 'chai'
import { floatWeights } from '../../../src/engine/pack/float-weights.ts'
import { expectCode } from '../support/expect-code.ts'

const stored = (dtype: string, data: number[], shape: number[]) =>
  new Map([['w', { dtype, shape, data: Uint8Array.from(data) }]])

describe('engine/pack/float-weights', () => {
  it('widens half floats exactly', () => {
    const weights = floatWeights(stored('F16', [0x00, 0x3c, 0x00, 0xc0, 0x01, 0x00], [3]))
    expect([...weights('w', [3])]).to.deep.equal([1, -2, 2 ** -24])
  })

  it('widens bfloat16 exactly', () => {
    const weights = floatWeights(stored('BF16', [0x80, 0x3f, 0x49, 0xc0], [2]))
    expect([...weights('w', [2])]).to.deep.equal([1, -3.140625])
  })

  it('refuses a missing tensor, another shape and another dtype', async () => {
    const weights = floatWeights(stored('I32', [0, 0, 0, 0], [1]))
    await expectCode('MODEL_UNSUPPORTED', () => weights('v', [1]))
    await expectCode('MODEL_UNSUPPORTED', () => weights('w', [2]))
    await expectCode('MODEL_UNSUPPORTED', () => weights('w', [1]))
  })
})
