import { expect } from 'chai'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { buildGraph } from '../../../src/engine/pack/pack-folder.ts'
import { floatWeights } from '../../../src/engine/pack/float-weights.ts'
import type { WeightSource } from '../../../src/engine/pack/float-weights.ts'
import { parseLlamaConfig } from '../../../src/engine/pack/llama-config.ts'
import type { LlamaConfig } from '../../../src/engine/pack/llama-config.ts'
import { buildLlamaGraph } from '../../../src/engine/pack/llama-graph.ts'
import { encodeOnnxModel } from '../../../src/engine/pack/onnx-proto.ts'
import { parseSafetensors } from '../../../src/engine/pack/safetensors.ts'
import { buildStandardGraph } from '../../../src/engine/pack/standard-graph.ts'
import { OnnxModel } from '../../../src/engine/run/onnx-model.ts'
import { StandardModel } from '../../../src/engine/run/standard-model.ts'
import { DUCKLING_SOURCE } from '../support/duckling.ts'
import { naiveLlama } from '../support/naive-llama.ts'

const IDS = Array.from({ length: 200 }, (_, i) => 4 + ((i * 37) % 1000))

/** Small random networks: shapes that Duckling does not have. */
const SHAPES: LlamaConfig[] = [
  shape({ heads: 4, kvHeads: 4, tiedEmbeddings: false }),
  shape({ heads: 4, kvHeads: 1, headSize: 32, ropeTheta: 500_000 }),
  shape({ heads: 6, kvHeads: 3, layers: 3, normEpsilon: 1e-6 }),
  shape({ heads: 4, kvHeads: 2, inputBiases: true }),
  shape({ heads: 2, kvHeads: 1, headSize: 32, headNorms: true, tiedEmbeddings: false }),
]

describe('engine/pack/llama-graph', () => {
  for (const config of SHAPES) {
    const { heads, kvHeads, headSize } = config
    it(`computes what plain loops compute: ${heads} heads of ${headSize}, ${kvHeads} shared, in both layouts`, async () => {
      const weights = hashedWeights()
      const graph = encodeOnnxModel(buildLlamaGraph(config, weights))
      const model = await OnnxModel.load(graph, config)
      const ids = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5]
      const logits = await model.prefill(model.createCache(), ids)
      const expected = Float32Array.from(naiveLlama(config, weights, ids))
      expectClose(logits, expected)
      await model.release()
      const standard = await StandardModel.load(
        encodeOnnxModel(buildStandardGraph(config, weights)),
      )
      const cache = standard.createCache()
      await standard.prefill(cache, ids.slice(0, -1))
      const [last] = await standard.decode([{ cache, id: ids.at(-1) ?? 0 }])
      expectClose(last ?? new Float32Array(0), expected)
      await standard.release()
    })
  }

  it('gives the same logits from a split output projection as from a tied one', async () => {
    const config = parseLlamaConfig(await json('config.json'))
    const file = await readFile(path.join(DUCKLING_SOURCE, 'model.safetensors'))
    const weights = floatWeights(parseSafetensors(file))
    const untied = buildLlamaGraph({ ...config, tiedEmbeddings: false }, (name, shape) =>
      weights(name === 'lm_head.weight' ? 'model.embed_tokens.weight' : name, shape),
    )
    const [a, b] = [
      await OnnxModel.load(encodeOnnxModel(untied), config),
      await OnnxModel.load(await buildGraph(DUCKLING_SOURCE), config),
    ]
    expectClose(
      await a.prefill(a.createCache(), IDS.slice(0, 20)),
      await b.prefill(b.createCache(), IDS.slice(0, 20)),
    )
    await Promise.all([a.release(), b.release()])
  })

  it('gives the same logits whole, in chunks and token by token, across capacities', async () => {
    const config = parseLlamaConfig(await json('config.json'))
    const model = await OnnxModel.load(await buildGraph(DUCKLING_SOURCE), config)
    const whole = await model.prefill(model.createCache(), IDS)
    const chunked = model.createCache()
    await model.prefill(chunked, IDS.slice(0, 50))
    await model.prefill(chunked, IDS.slice(50, 178))
    expectClose(await model.prefill(chunked, IDS.slice(178)), whole)
    const single = model.createCache()
    let last: Float32Array = new Float32Array(0)
    for (const id of IDS) last = (await model.decode([{ cache: single, id }]))[0] ?? last
    expect(single.length).to.equal(IDS.length)
    expectClose(last, whole)
    await model.release()
  })
})

function shape(changes: Partial<LlamaConfig>): LlamaConfig {
  return {
    layers: 2,
    heads: 4,
    kvHeads: 2,
    headSize: 16,
    hiddenSize: 24,
    feedForwardSize: 40,
    vocabSize: 11,
    contextLength: 64,
    ropeTheta: 10_000,
    normEpsilon: 1e-5,
    tiedEmbeddings: true,
    eosTokenIds: [0],
    ...changes,
  }
}

/** Fixed pseudo-random weights in (-0.5, 0.5), from the tensor's name and the index. */
function hashedWeights(): WeightSource {
  return (name, dims) => {
    let state = [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7)
    const count = dims.reduce((product, dim) => product * dim, 1)
    return Float32Array.from({ length: count }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      return state / 2 ** 32 - 0.5
    })
  }
}

async function json(file: string): Promise<unknown> {
  return JSON.parse(await readFile(path.join(DUCKLING_SOURCE, file), 'utf8'))
}

function expectClose(actual: Float32Array, expected: Float32Array): void {
  expect(actual.length).to.equal(expected.length)
  const worst = Math.max(...actual.map((value, i) => Math.abs(value - (expected[i] ?? NaN))))
  expect(worst).to.be.below(1e-4)
}
