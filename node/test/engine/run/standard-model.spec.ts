/** Tests: StandardModel, against the in-place graph of the same weights and against itself. */
import { expect } from 'chai'
import { parseLlamaConfig } from '../../../src/engine/pack/llama-config.ts'
import { GraphBuilder } from '../../../src/engine/pack/graph-builder.ts'
import { encodeOnnxModel, ONNX_TYPE } from '../../../src/engine/pack/onnx-proto.ts'
import { buildGraph } from '../../../src/engine/pack/pack-folder.ts'
import { adaptToMachine } from '../../../src/engine/run/adapt-to-machine.ts'
import { OnnxModel } from '../../../src/engine/run/onnx-model.ts'
import { StandardModel } from '../../../src/engine/run/standard-model.ts'
import { DUCKLING_SOURCE, readJson } from '../support/duckling.ts'
import { expectCode } from '../support/expect-code.ts'
import { standardDuckling } from '../support/standard-duckling.ts'

const IDS = Array.from({ length: 90 }, (_, i) => 4 + ((i * 389) % 1000))

describe('engine/run/standard-model', () => {
  let model: StandardModel
  before(async () => {
    model = await StandardModel.load(await standardDuckling())
  })
  after(() => model.release())

  it('computes what the in-place graph computes, but for the last digits', async () => {
    const config = parseLlamaConfig(await readJson(DUCKLING_SOURCE, 'config.json'))
    const packed = await OnnxModel.load(await buildGraph(DUCKLING_SOURCE), config)
    const [a, b] = [model.createCache(), packed.createCache()]
    expectClose(await model.prefill(a, IDS), await packed.prefill(b, IDS))
    for (const id of [5, 77, 900]) {
      const [one] = await model.decode([{ cache: a, id }])
      const [two] = await packed.decode([{ cache: b, id }])
      expectClose(one ?? new Float32Array(0), two ?? new Float32Array(0))
    }
    await packed.release()
  })

  it('gives the same bits in pieces, from exported tokens, with two threads and beside others', async () => {
    const whole = await model.prefill(model.createCache(), IDS)
    const cut = model.createCache()
    await model.prefill(cut, IDS.slice(0, 48))
    expect(await model.prefill(cut, IDS.slice(48))).to.deep.equal(whole)
    const copied = model.createCache()
    for (const start of [0, 16, 32]) {
      model.importTokens(copied, model.exportTokens(cut, start, 16), 16)
    }
    expect(copied.length).to.equal(48)
    expect(await model.prefill(copied, IDS.slice(48))).to.deep.equal(whole)
    const threaded = await StandardModel.load(await standardDuckling(), { threads: 2 })
    expect(await threaded.prefill(threaded.createCache(), IDS)).to.deep.equal(whole)
    await threaded.release()
    const caches = [model.createCache(), model.createCache()]
    const [, second] = await model.prefillTogether(
      caches.map((cache, i) => ({ cache, ids: i === 0 ? IDS.slice(3, 30) : IDS })),
    )
    expect(second).to.deep.equal(whole)
  })

  it('takes all shortcuts of the engine, as it runs row by row', async () => {
    const traits = await adaptToMachine(model, { contextLength: 512, vocabSize: 1024 })
    expect(traits).to.deep.equal({ batches: true, cuts: true, blockTokens: 16 })
  })

  it('refuses graphs that want or give something else', async () => {
    const graph = (inputs: string[], outputs: string[]): Uint8Array => {
      const builder = new GraphBuilder()
      for (const name of inputs) builder.input(name, ONNX_TYPE.int64, ['a', 'b'])
      for (const name of outputs) {
        builder.node('Identity', [inputs[0] ?? ''], { outputs: [name] })
        builder.output(name, ONNX_TYPE.int64, ['a', 'b'])
      }
      return encodeOnnxModel(builder.build('test'))
    }
    const text = ['input_ids', 'attention_mask']
    for (const [bytes, reason] of [
      [graph([...text, 'pixel_values'], ['logits']), /pixel_values/],
      [graph(['input_ids'], ['logits']), /attention_mask/],
      [graph(text, ['scores']), /logits/],
      [graph(text, ['logits']), /past_key_values/],
      [new Uint8Array(10), /onnxruntime/],
    ] as const) {
      const error = await expectCode('MODEL_UNSUPPORTED', () => StandardModel.load(bytes))
      expect(error.message).to.match(reason)
    }
  })
})

function expectClose(actual: Float32Array, expected: Float32Array): void {
  expect(actual.length).to.equal(expected.length)
  const worst = Math.max(...actual.map((value, i) => Math.abs(value - (expected[i] ?? NaN))))
  expect(worst).to.be.below(1e-4)
}
