/** Tests: what is computed to compare two places. */
import { expect } from 'chai'
import { encoderWorkloads, generatorWorkloads } from '../../../src/engine/device/workloads.ts'
import { PREFILL_CHUNK } from '../../../src/engine/run/prompt-pieces.ts'
import { FakeModel } from '../support/fake-model.ts'

describe('engine/device/workloads', () => {
  it('reads a prompt, draws for one and for eight, and frees everything', async () => {
    const model = new FakeModel()
    const works = generatorWorkloads(model, { contextLength: 512, vocabSize: 1000 })
    for (const work of works) {
      for (let i = 0; i < 3; i++) await work.run()
      work.end()
    }
    expect(works.map(({ name }) => name)).to.deep.equal(['prompt', 'one', 'eight'])
    expect(model.calls.filter((call) => call === 'decode 1')).to.have.length(3)
    expect(model.calls.filter((call) => call === 'decode 8')).to.have.length(3)
    // Prompts of the eight differ in length; each is fed once.
    expect(model.calls.filter((call) => call.startsWith('prefill'))).to.have.length(3 + 1 + 8)
    const longest = PREFILL_CHUNK
    expect(model.calls).to.include.members([`prefill ${longest}`, `prefill ${longest - 7}`])
    expect(model.discarded).to.have.length(3 + 1 + 8)
  })

  it('gives the same numbers at each call everywhere', async () => {
    const outputs = await Promise.all(
      [new FakeModel(), new FakeModel()].map(async (model) => {
        const [, , eight] = generatorWorkloads(model, { contextLength: 64, vocabSize: 90 })
        return [await eight?.run(), await eight?.run()]
      }),
    )
    expect(outputs[0]).to.deep.equal(outputs[1])
    expect(outputs[0]?.[0]).to.have.length(8 * 1000)
    expect(outputs[0]?.[0]).to.not.deep.equal(outputs[0]?.[1])
  })

  it('only reads a prompt when the context has no room to draw', async () => {
    const model = new FakeModel()
    const works = generatorWorkloads(model, { contextLength: 20, vocabSize: 10 })
    expect(works.map(({ name }) => name)).to.deep.equal(['prompt'])
    await works[0]?.run()
    expect(model.calls).to.deep.equal(['prefill 20'])
  })

  it('encodes a text that fits', async () => {
    const lengths: number[] = []
    const encode = (ids: readonly number[]): Promise<Float32Array> => {
      lengths.push(ids.length)
      return Promise.resolve(new Float32Array(2))
    }
    for (const contextLength of [5, 500]) {
      const [work] = encoderWorkloads({ encode }, { contextLength, vocabSize: 10 })
      await work?.run()
      work?.end()
    }
    expect(lengths).to.deep.equal([5, 32])
  })
})
