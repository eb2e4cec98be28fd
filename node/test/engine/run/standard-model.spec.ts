/** Tests: StandardModel, against the in-place graph of the same weights and against itself. */
import { expect } from 'chai'
import { parseLlamaConfig } from '../../../src/engine/pack/llama-config.ts'
import { GraphBuilder } from '../../../src/engine/pack/graph-builder.ts'
import { encodeOnnxModel, ONNX_TYPE } from '../../../src/engine/pack/onnx-proto.ts'
import { buildGraph } from '../../../src/engine/pack/pack-folder.ts'
import { adaptToMachine } from '../../../src/engine/run/adapt-to-machine.ts'
import type { KvCache } from '../../../src/engine/run/kv-cache.ts'
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
    const threaded = await StandardModel.load(await standardDuckling(), { place: { threads: 2 } })
    expect(await threaded.prefill(threaded.createCache(), IDS)).to.deep.equal(whole)
    await threaded.release()
    const caches = [model.createCache(), model.createCache()]
    const [, second] = await model.prefillTogether(
      caches.map((cache, i) => ({ cache, ids: i === 0 ? IDS.slice(3, 30) : IDS })),
    )
    expect(second).to.deep.equal(whole)
  })

  it('takes all shortcuts of the engine', async () => {
    const traits = await adaptToMachine(model, { contextLength: 512, vocabSize: 1024 })
    expect(traits).to.deep.equal({ rows: 'any', cuts: true, blockTokens: 16 })
  })

  it('decodes rows of any length together to the bits of each alone, also where one comes near its context', async () => {
    const near = await StandardModel.load(await standardDuckling(), { contextLength: 96 })
    const lengths = [1, 5, 17, 31, 32, 33, 47, 58, 62, 64, 70, 80]
    const start = async (length: number): Promise<KvCache> => {
      const cache = near.createCache()
      await near.prefill(cache, IDS.slice(0, length))
      return cache
    }
    const rows = await Promise.all(lengths.map(start))
    const alone = await Promise.all(lengths.map(start))
    for (let step = 0; step < 12; step++) {
      const id = (row: number): number => IDS[(step * 13 + row * 7) % IDS.length] ?? 0
      const together = await near.decode(rows.map((cache, row) => ({ cache, id: id(row) })))
      for (const [row, cache] of alone.entries()) {
        const [logits] = await near.decode([{ cache, id: id(row) }])
        expect(together[row], `row ${row}, step ${step}`).to.deep.equal(logits)
      }
    }
    await near.release()
  })

  it('computes all rows in one run', async () => {
    const rows = await Promise.all(
      Array.from({ length: 6 }, async (_, i) => {
        const cache = model.createCache()
        await model.prefill(cache, IDS.slice(0, 10 + i))
        return { cache, id: 7 }
      }),
    )
    const before = model.decodeRuns
    await model.decode(rows)
    expect(model.decodeRuns - before).to.equal(1)
  })

  it('runs row by row a graph that does not bear a gap between the past and what is new', async () => {
    // Its kernel puts a new token right behind the last one, wherever the mask says it is.
    const config = parseLlamaConfig(await readJson(DUCKLING_SOURCE, 'config.json'))
    const graph = await buildGraph(DUCKLING_SOURCE)
    const [foreign, packed] = [await StandardModel.load(graph), await OnnxModel.load(graph, config)]
    const own = [foreign.createCache(), foreign.createCache()]
    const other = packed.createCache()
    await foreign.prefill(own[0]!, IDS.slice(40))
    await foreign.prefill(own[1]!, IDS)
    await packed.prefill(other, IDS)
    for (const id of [5, 77, 900]) {
      const [, found] = await foreign.decode(own.map((cache) => ({ cache, id })))
      const [expected] = await packed.decode([{ cache: other, id }])
      expectClose(found!, expected!)
    }
    for (const each of [foreign, packed]) await each.release()
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
