/** Tests: folders of other architectures, as onnx-community publishes them, from the description to the answer. */
import { expect } from 'chai'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { EngineHost, spawnInProcess } from '../../../src/engine/index.ts'
import { identifyManifest } from '../../../src/engine/model/manifest.ts'
import type { LoadedManifest } from '../../../src/engine/model/manifest.ts'
import { describeModel } from '../../../src/engine/pack/describe-model.ts'
import type { ModelDescription } from '../../../src/engine/pack/describe-model.ts'
import { encodeOnnxModel } from '../../../src/engine/pack/onnx-proto.ts'
import { buildGraph, packModelFolder } from '../../../src/engine/pack/pack-folder.ts'
import { StandardModel } from '../../../src/engine/run/standard-model.ts'
import { DUCKLING_SOURCE, goldenCases, readJson, temporaryFolder } from '../support/duckling.ts'
import { expectCode } from '../support/expect-code.ts'
import { NEVER, readAll, request, sampler } from '../support/requests.ts'
import type { Answer } from '../support/requests.ts'
import { writeStandardDuckling } from '../support/standard-duckling.ts'
import { withoutWeights, writeForeignFolder } from './foreign-folder.ts'
import type { ForeignModel } from './foreign-folder.ts'
import { gpt2Graph } from './gpt2.ts'
import { naiveGpt2 } from './naive-gpt2.ts'
import { qwen3Graph } from './qwen3.ts'

const PLAIN: ModelDescription = {
  name: 'test',
  license: 'MIT',
  tolerance: 1e-4,
  calibrationPrompts: ['A brave duck.'],
}
const IDS = Array.from({ length: 70 }, (_, i) => 4 + ((i * 389) % 1000))
const PROMPTS = ['What is 6 times 7?', 'Hello!', 'Spell the word garden, please.', 'Ducks?']

describe('engine/interop: foreign models', function () {
  this.timeout(60_000)
  let folder: string
  let remove: () => Promise<void>
  beforeEach(async () => {
    ;({ folder, remove } = await temporaryFolder())
  })
  afterEach(() => remove())

  async function write(model: ForeignModel): Promise<string> {
    const source = path.join(folder, model)
    await writeForeignFolder(source, model)
    return source
  }

  async function describeSource(
    source: string,
    changes: Partial<ModelDescription> = {},
  ): Promise<LoadedManifest> {
    return identifyManifest(await describeModel(source, { ...PLAIN, ...changes }))
  }

  /** Serves a model: the prompts one after the other, then all at once. */
  async function answers(source: string, loaded: LoadedManifest): Promise<Answer[]> {
    const pack = await packModelFolder(source, path.join(folder, loaded.cid), loaded)
    const components = { spawn: spawnInProcess }
    const engine = new EngineHost({ folders: [pack.folder], components })
    await engine.start()
    const ask = async (prompt: string): Promise<Answer> => {
      const hot = sampler(prompt.endsWith('!') ? { temperature: 1.2 } : {})
      const wanted = request(prompt, { maxTokens: 20, sampler: hot })
      return readAll(await engine.open(pack.modelId, wanted, NEVER), 7)
    }
    try {
      const solo: Answer[] = []
      for (const prompt of PROMPTS) solo.push(await ask(prompt))
      expect(await Promise.all(PROMPTS.map(ask))).to.deep.equal(solo)
      return solo
    } finally {
      await engine.stop()
    }
  }

  it('serves GPT-2 with its own names in config.json, together as alone', async () => {
    const source = await write('gpt2')
    const loaded = await describeSource(source)
    expect(loaded.manifest).to.include({
      ...{ architecture: 'gpt2', contextLength: 128, determinism: 'f32', graph: 'std' },
      task: 'text-generation',
    })
    const [first] = await answers(source, loaded)
    expect(first?.ids.length).to.be.above(5)
  })

  it('computes GPT-2 as plain loops do, whole and token by token', async () => {
    const model = await StandardModel.load(encodeOnnxModel(gpt2Graph()))
    const cache = model.createCache()
    expectClose(await model.prefill(cache, IDS.slice(0, 30)), naiveGpt2(IDS.slice(0, 30)))
    for (const [i, id] of IDS.slice(30, 33).entries()) {
      const [logits] = await model.decode([{ cache, id }])
      expectClose(logits, naiveGpt2(IDS.slice(0, 31 + i)))
    }
    await model.release()
  })

  it('serves Qwen3 without position_ids, with the ends that generation_config.json names', async () => {
    const source = await write('qwen3')
    const loaded = await describeSource(source)
    expect(loaded.manifest).to.include({ architecture: 'qwen3', graph: 'std' })
    expect(loaded.manifest.eosTokenIds).to.deep.equal([1, 0])
    await answers(source, loaded)
    const model = await StandardModel.load(encodeOnnxModel(qwen3Graph()))
    const [whole, cut] = [model.createCache(), model.createCache()]
    await model.prefill(cut, IDS.slice(0, 66))
    for (const id of IDS.slice(66, 69)) await model.decode([{ cache: cut, id }])
    const [last] = await model.decode([{ cache: cut, id: IDS[69] ?? 0 }])
    expectClose(last, [...(await model.prefill(whole, IDS))])
    await model.release()
  })

  it('reads weights that lie beside the graph, with the same numbers', async () => {
    const [inline, source] = [await write('gpt2'), await write('gpt2-external')]
    const loaded = await describeSource(source)
    const inside = await describeSource(inline)
    expect(loaded.manifest.files.map((file) => file.path)).to.include('onnx/model.onnx_data')
    expect(loaded.manifest.calibration).to.deep.equal(inside.manifest.calibration)
    expect(await answers(source, loaded)).to.deep.equal(await answers(inline, inside))
  })

  it('refuses weights beside the graph that are edited, missing or elsewhere', async () => {
    const source = await write('gpt2-external')
    const loaded = await describeSource(source)
    const pack = await packModelFolder(source, path.join(folder, 'pack'), loaded)
    await writeFile(path.join(pack.folder, 'onnx/model.onnx_data'), new Uint8Array(445_056))
    const engine = new EngineHost({ folders: [pack.folder] })
    await expectCode('MODEL_CORRUPT', () => engine.start())
    await engine.stop()
    await rm(path.join(source, 'onnx/model.onnx_data'))
    await expectCode('MODEL_CORRUPT', () => describeSource(source))
    const unlisted = loaded.manifest.files.filter((file) => !file.path.endsWith('_data'))
    const short = identifyManifest({ ...loaded.manifest, files: unlisted })
    const lacking = await packModelFolder(source, path.join(folder, 'lacking'), short)
    const second = new EngineHost({ folders: [lacking.folder] })
    await expectCode('MODEL_MANIFEST_INVALID', () => second.start())
    await second.stop()
    for (const location of [
      '../model.onnx_data',
      '/etc/hostname',
      '',
      'a/b',
      '*/_ORT_MEM_ADDR_/*',
    ]) {
      const { graph } = withoutWeights(gpt2Graph(), location)
      await writeFile(path.join(source, 'onnx/model.onnx'), encodeOnnxModel(graph))
      await expectCode('MODEL_UNSUPPORTED', () => describeSource(source))
    }
  })

  it('takes another graph of the folder when it is named, and says why a half-precision one is not', async () => {
    const source = path.join(folder, 'source')
    await writeStandardDuckling(source)
    const q4 = await buildGraph(DUCKLING_SOURCE, 'q4', 'std')
    await writeFile(path.join(source, 'onnx/model_q4.onnx'), q4)
    const loaded = await describeSource(source, { graph: 'onnx/model_q4.onnx' })
    expect(loaded.manifest).to.include({ graph: 'std', determinism: 'f32' })
    expect(loaded.manifest).to.not.have.property('weights')
    const names = loaded.manifest.files.map((file) => file.path)
    expect(names.filter((name) => name.endsWith('.onnx'))).to.deep.equal(['onnx/model_q4.onnx'])
    const [first] = await answers(source, loaded)
    expect(first?.text).to.match(/42/)
    const half = gpt2Graph()
    const inputs = half.input.map((input) => ({
      ...input,
      type: { tensor_type: { ...input.type.tensor_type, elem_type: 10 } },
    }))
    const [typed] = half.initializer
    const initializer = [{ ...typed, name: 'half', data_type: 10, dims: [0] }]
    const graph = { ...half, input: inputs, initializer: [...half.initializer, ...initializer] }
    await writeFile(path.join(source, 'onnx/model_fp16.onnx'), encodeOnnxModel(graph))
    const { details } = await expectCode('MODEL_UNSUPPORTED', () =>
      describeSource(source, { graph: 'onnx/model_fp16.onnx' }),
    )
    expect(details['reason']).to.match(/16-bit/)
    await expectCode('MODEL_CORRUPT', () => describeSource(source, { graph: 'onnx/none.onnx' }))
  })

  it('finds the chat template in a file of its own, or among several', async () => {
    const source = await write('qwen3')
    const before = await describeSource(source)
    const name = path.join(source, 'tokenizer_config.json')
    const { chat_template: template, ...rest } = (await readJson(
      source,
      'tokenizer_config.json',
    )) as {
      chat_template: string
    }
    const expected = await answers(source, before)
    const several = [
      { name: 'tool_use', template: '{{ raise_exception("no") }}' },
      { name: 'default', template },
    ]
    await writeFile(name, JSON.stringify({ ...rest, chat_template: several }))
    expect(await answers(source, await describeSource(source))).to.deep.equal(expected)
    await writeFile(name, JSON.stringify(rest))
    await expectCode('MODEL_UNSUPPORTED', () => describeSource(source))
    await writeFile(path.join(source, 'chat_template.jinja'), template)
    const loaded = await describeSource(source)
    expect(loaded.manifest.files.map((file) => file.path)).to.include('chat_template.jinja')
    expect(await answers(source, loaded)).to.deep.equal(expected)
  })

  it('serves a graph of GroupQueryAttention nodes from a folder of onnx-community', async () => {
    const source = path.join(folder, 'source')
    await writeStandardDuckling(source)
    await mkdir(path.join(folder, 'old'))
    await rename(path.join(source, 'onnx/model.onnx'), path.join(folder, 'old/model.onnx'))
    await writeFile(path.join(source, 'onnx/model.onnx'), await buildGraph(DUCKLING_SOURCE))
    const loaded = await describeSource(source)
    expect(loaded.manifest.graph).to.equal('std')
    const model = await StandardModel.load(await buildGraph(DUCKLING_SOURCE))
    const [first] = await goldenCases()
    const cache = model.createCache()
    let logits = await model.prefill(cache, first?.promptIds ?? [])
    for (const id of first?.completionIds ?? []) {
      expect(logits.indexOf(Math.max(...logits))).to.equal(id)
      const [next] = await model.decode([{ cache, id }])
      logits = next ?? logits
    }
    await model.release()
    const texts = (await answers(source, loaded)).map(({ text }) => text)
    expect(texts[0]).to.match(/42/)
  })
})

function expectClose(actual: Float32Array | undefined, expected: readonly number[]): void {
  expect(actual?.length).to.equal(expected.length)
  const worst = expected.map((value, i) => Math.abs(value - (actual?.[i] ?? NaN)))
  expect(Math.max(...worst)).to.be.below(1e-4)
}
