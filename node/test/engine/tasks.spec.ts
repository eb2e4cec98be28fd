/** Tests: every layout and task, from a source folder through packing to an answer of a real worker. */
import { expect } from 'chai'
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { EngineHost, ensurePackedModel } from '../../src/engine/index.ts'
import type { PackedModel } from '../../src/engine/index.ts'
import { MANIFEST_FILE } from '../../src/engine/model/manifest.ts'
import { describeModel } from '../../src/engine/pack/describe-model.ts'
import type { ModelDescription } from '../../src/engine/pack/describe-model.ts'
import { DUCKLING_SOURCE, goldenCases, temporaryFolder } from './support/duckling.ts'
import { expectCode } from './support/expect-code.ts'
import { NEVER, readAll, request } from './support/requests.ts'
import { writeStandardDuckling } from './support/standard-duckling.ts'
import { writeTinyEncoder } from './support/tiny-encoder.ts'

const PLAIN: ModelDescription = {
  name: 'test',
  license: 'MIT',
  tolerance: 1e-4,
  calibrationPrompts: ['A brave duck.'],
}

describe('engine: layouts and tasks', () => {
  let folder: string
  let remove: () => Promise<void>
  beforeEach(async () => {
    ;({ folder, remove } = await temporaryFolder())
  })
  afterEach(() => remove())

  async function publish(source: string, changes: Partial<ModelDescription> = {}) {
    const manifest = await describeModel(source, { ...PLAIN, ...changes })
    await writeFile(path.join(source, MANIFEST_FILE), JSON.stringify(manifest))
    return ensurePackedModel(source, path.join(folder, 'packed'))
  }

  async function serve<T>(
    pack: PackedModel,
    use: (engine: EngineHost, modelId: string) => Promise<T>,
  ): Promise<T> {
    const engine = new EngineHost({ folders: [pack.folder] })
    await engine.start()
    try {
      return await use(engine, pack.modelId)
    } finally {
      expect(engine.stats().openGenerations).to.equal(0)
      await engine.stop()
    }
  }

  async function duckling(): Promise<string> {
    const source = path.join(folder, 'source')
    await mkdir(source)
    for (const name of [
      'config.json',
      'generation_config.json',
      'tokenizer.json',
      'tokenizer_config.json',
      'model.safetensors',
      'LICENSE',
    ]) {
      await copyFile(path.join(DUCKLING_SOURCE, name), path.join(source, name))
    }
    return source
  }

  it('serves the layout of Hugging Face exports with the same greedy texts, alone and together', async () => {
    const source = path.join(folder, 'source')
    await writeStandardDuckling(source)
    const pack = await publish(source)
    expect(pack.manifest).to.include({ graph: 'std', task: 'text-generation', determinism: 'f32' })
    await serve(pack, async (engine, modelId) => {
      const cases = await goldenCases()
      const answers = cases.map(async ({ prompt }) =>
        readAll(await engine.open(modelId, request(prompt), NEVER)),
      )
      const texts = (await Promise.all(answers)).map(({ text }) => text)
      expect(texts).to.deep.equal(cases.map(({ text }) => text))
    })
  })

  it('packs four-bit weights, computes them row by row, and draws together what it draws alone', async () => {
    const pack = await publish(await duckling(), { weights: 'q4' })
    expect(pack.manifest).to.include({ graph: 'gqa', weights: 'q4', determinism: 'f32' })
    const size = pack.manifest.files.find((file) => file.path === 'model.onnx')?.size ?? 0
    expect(size).to.be.below(2e6)
    await serve(pack, async (engine, modelId) => {
      const wanted = ['What is the capital of Norway?', 'Tell me a story.', 'Spell garden.'].map(
        (prompt) => request(prompt, { maxTokens: 24 }),
      )
      const ask = async (i: number) => {
        const each = wanted[i] ?? request('')
        return readAll(await engine.open(modelId, each, NEVER))
      }
      const together = await Promise.all([0, 1, 2].map(ask))
      expect(together[0]?.text).to.match(/Oslo/)
      for (const i of [0, 1, 2]) expect(await ask(i)).to.deep.equal(together[i])
    })
  })

  it('gives embeddings of length 1 from a chat model and from an encoder', async () => {
    const encoder = path.join(folder, 'encoder')
    await writeTinyEncoder(encoder, 'embeddings')
    const packs = [await publish(await duckling(), { task: 'embeddings' }), await publish(encoder)]
    expect(packs.map(({ manifest }) => manifest.graph)).to.deep.equal(['gqa', 'encoder'])
    for (const [pack, width] of [
      [packs[0], 192],
      [packs[1], 16],
    ] as const) {
      if (pack === undefined) throw new RangeError('two packs were made')
      await serve(pack, async (engine, modelId) => {
        const texts = ['a brave duck', 'a brave duck!', 'the capital of Norway is Oslo']
        const { outputs, tokens } = await engine.embed(modelId, { texts }, NEVER)
        expect(outputs.map(({ length }) => length)).to.deep.equal([width, width, width])
        for (const vector of outputs) expect(cosine(vector, vector)).to.be.closeTo(1, 1e-6)
        expect(at(outputs, 0, 1)).to.be.above(at(outputs, 0, 2))
        expect(tokens).to.be.above(10)
        const alone = await engine.embed(modelId, { texts: texts.slice(2) }, NEVER)
        expect(alone.outputs[0]).to.deep.equal(outputs[2])
      })
    }
  })

  it('classifies, with the labels of the model', async () => {
    const source = path.join(folder, 'source')
    await writeTinyEncoder(source, 'classification')
    const pack = await publish(source)
    expect(pack.manifest.labels).to.deep.equal(['sad', 'glad', 'neither'])
    await serve(pack, async (engine, modelId) => {
      expect(engine.models()[0]?.labels).to.deep.equal(['sad', 'glad', 'neither'])
      const texts = ['What a day', 'Oh no']
      const { labels, scores } = await engine.classify(modelId, { texts }, NEVER)
      expect(labels.length).to.equal(3)
      for (const row of scores) {
        expect(row.reduce((sum, score) => sum + score, 0)).to.be.closeTo(1, 1e-9)
      }
      expect(scores[0]).to.not.deep.equal(scores[1])
    })
  })

  it('refuses what a model is not made for, with codes, and serves the next request', async () => {
    const source = path.join(folder, 'source')
    await writeTinyEncoder(source, 'embeddings')
    await serve(await publish(source), async (engine, modelId) => {
      const embed = (texts: string[], signal = NEVER) => engine.embed(modelId, { texts }, signal)
      await expectCode('REQUEST_INVALID', () => engine.open(modelId, request('x'), NEVER))
      await expectCode('REQUEST_INVALID', () => engine.classify(modelId, { texts: ['x'] }, NEVER))
      await expectCode('REQUEST_INVALID', () => embed([]))
      await expectCode('REQUEST_INVALID', () => embed(Array<string>(300).fill('x')))
      await expectCode('PROMPT_EMPTY', () => embed(['x', '']))
      await expectCode('PROMPT_TOO_LONG', () => embed(['duck '.repeat(70)]))
      await expectCode('PROMPT_TOO_LONG', () => embed(['x'.repeat(5_000_000)]))
      await expectCode('CANCELLED', () => embed(['x'], AbortSignal.abort()))
      const cancel = new AbortController()
      const running = embed(Array<string>(200).fill('a duck'), cancel.signal)
      await embed(['another'])
      cancel.abort()
      await expectCode('CANCELLED', () => running)
      expect((await embed(['next'])).outputs.length).to.equal(1)
    })
  })
})

function at(vectors: readonly Float32Array[], i: number, j: number): number {
  return cosine(vectors[i] ?? new Float32Array(0), vectors[j] ?? new Float32Array(0))
}

function cosine(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? NaN), 0)
}
