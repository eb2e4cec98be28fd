/**
 * Tests: what an answer is stays the same over threads, neighbours, order of arrival, prefix cache and restart, for
 * each kind of graph through the whole engine. The logits behind it: run/bit-identity.spec.ts, run/standard-model.spec.ts.
 */
import { expect } from 'chai'
import path from 'node:path'
import { EngineHost, spawnInProcess } from '../../src/engine/index.ts'
import type { GenerationRequest } from '../../src/engine/index.ts'
import { identifyManifest } from '../../src/engine/model/manifest.ts'
import { describeModel } from '../../src/engine/pack/describe-model.ts'
import type { GraphChoice } from '../../src/engine/pack/find-graph.ts'
import { parseLlamaConfig } from '../../src/engine/pack/llama-config.ts'
import { buildGraph, packModelFolder } from '../../src/engine/pack/pack-folder.ts'
import type { PackedModel } from '../../src/engine/index.ts'
import type { KvCache } from '../../src/engine/run/kv-cache.ts'
import { OnnxModel } from '../../src/engine/run/onnx-model.ts'
import { writeForeignFolder } from './interop/foreign-folder.ts'
import { DUCKLING_SOURCE, readJson, temporaryFolder } from './support/duckling.ts'
import { NEVER, readAll, request, sampler } from './support/requests.ts'
import type { Answer } from './support/requests.ts'

/** Prompts that begin alike for some blocks of the prefix cache, and one that does not. */
const SHARED = 'A brave duck lives in the garden near the old mill and looks for bread.'
const REQUESTS: readonly GenerationRequest[] = [
  ['Spell the word garden.', 0],
  [`${SHARED} What does it find?`, 0],
  [`${SHARED} Tell me a story.`, 1.3],
  [`${SHARED} What does it find there?`, 0.7],
  ['Hello!', 1.1],
].map(([content, temperature], i) => {
  const changes = { temperature: Number(temperature), repetitionPenalty: 1.1 }
  const drawn = sampler({ ...changes, seed: new Uint8Array(32).fill(i) })
  return request(String(content), { maxTokens: 18 + i, sampler: drawn })
})

interface Serving {
  readonly threads: number
  /** Reads so many tokens a step; in the order of the requests, or the other way round. */
  readonly stepSize: number
  readonly reversed?: boolean
  /** In a worker thread, as a node has it. */
  readonly worker?: boolean
}

describe('engine: bit identity of each kind of graph', function () {
  this.timeout(60_000)
  let folder: string
  let remove: () => Promise<void>
  before(async () => {
    ;({ folder, remove } = await temporaryFolder())
  })
  after(() => remove())

  async function packed(source: string, choice: GraphChoice): Promise<PackedModel> {
    const about = { name: 'test', license: 'MIT', tolerance: 1e-4, calibrationPrompts: ['Hi'] }
    const loaded = identifyManifest(await describeModel(source, { ...about, ...choice }))
    return packModelFolder(source, path.join(folder, loaded.cid), loaded)
  }

  /** A new engine over a model, for as long as it is used. */
  async function serve<T>(
    pack: PackedModel,
    { threads, worker = false }: Serving,
    use: (
      ask: (wanted: GenerationRequest, stepSize: number) => Promise<Answer>,
      engine: EngineHost,
    ) => Promise<T>,
  ): Promise<T> {
    const components = worker ? {} : { spawn: spawnInProcess }
    const engine = new EngineHost({ folders: [pack.folder], threads, components })
    await engine.start()
    const ask = async (wanted: GenerationRequest, stepSize: number): Promise<Answer> =>
      readAll(await engine.open(pack.modelId, wanted, NEVER), stepSize)
    try {
      return await use(ask, engine)
    } finally {
      await engine.stop()
    }
  }

  /** Each request on an engine that was asked nothing before would take long; payers of their own share no cache. */
  const alone = (pack: PackedModel): Promise<Answer[]> =>
    serve(pack, { threads: 1, stepSize: 64 }, async (ask, engine) => {
      const answers: Answer[] = []
      for (const [i, wanted] of REQUESTS.entries()) {
        answers.push(await ask({ ...wanted, client: `payer ${i}` }, 64))
      }
      expect(engine.stats().prefixHitTokens).to.equal(0)
      return answers
    })

  /** All at once, and again when the prefix cache knows their beginnings. */
  const together = (pack: PackedModel, serving: Serving): Promise<Answer[][]> =>
    serve(pack, serving, async (ask, engine) => {
      const { reversed = false, stepSize } = serving
      const rounds: Answer[][] = []
      for (let round = 0; round < 2; round++) {
        const order = reversed ? REQUESTS.toReversed() : REQUESTS
        const answers = await Promise.all(order.map((wanted) => ask(wanted, stepSize)))
        rounds.push(reversed ? answers.toReversed() : answers)
      }
      expect(engine.stats().prefixHitTokens).to.be.above(0)
      return rounds
    })

  it('goes on with the others when one ends between two runs, each row in a run of its own', async () => {
    const config = parseLlamaConfig(await readJson(DUCKLING_SOURCE, 'config.json'))
    const model = await OnnxModel.load(await buildGraph(DUCKLING_SOURCE, 'q4'), config)
    model.setRows('one')
    const start = async (ids: number[]): Promise<KvCache> => {
      const cache = model.createCache()
      await model.prefill(cache, ids)
      return cache
    }
    const [first, second, twin] = [await start([5, 6]), await start([7, 8]), await start([7, 8])]
    await model.decode([first, second].map((cache) => ({ cache, id: 9 })))
    model.discard(first)
    const [beside] = await model.decode([{ cache: second, id: 10 }])
    model.discard(second)
    await model.decode([{ cache: twin, id: 9 }])
    expect(await model.decode([{ cache: twin, id: 10 }])).to.deep.equal([beside])
    await model.release()
  })

  for (const [name, choice] of [
    ['in-place float32', {}],
    ['in-place four-bit', { weights: 'q4' }],
    ['standard layout', { layout: 'std' }],
    ['standard layout, four-bit', { layout: 'std', weights: 'q4' }],
    ['GPT-2 of a foreign folder', null],
  ] as const) {
    it(`gives the same answers in every way to serve: ${name}`, async () => {
      const source = choice === null ? path.join(folder, 'gpt2') : DUCKLING_SOURCE
      if (choice === null) await writeForeignFolder(source, 'gpt2')
      const pack = await packed(source, choice ?? {})
      const expected = await alone(pack)
      expect(new Set(expected.map(({ ids }) => ids.join())).size).to.equal(REQUESTS.length)
      for (const serving of [
        { threads: 1, stepSize: 5 },
        { threads: 2, stepSize: 64, reversed: true, worker: true },
      ]) {
        expect(await together(pack, serving)).to.deep.equal([expected, expected])
      }
    })
  }
})
