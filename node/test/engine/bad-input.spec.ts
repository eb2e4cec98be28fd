/** Tests: hostile models and requests end in coded errors, leak nothing, and the next job runs. */
import { expect } from 'chai'
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { EngineHost, ensurePackedModel } from '../../src/engine/index.ts'
import type { PackedModel } from '../../src/engine/index.ts'
import { loadManifest, MANIFEST_FILE } from '../../src/engine/model/manifest.ts'
import { sha256Hex } from '../../src/engine/model/model-files.ts'
import { MAX_MISSED_PINGS, PING_INTERVAL_MS } from '../../src/engine/watchdog.ts'
import { spawnWorker } from '../../src/engine/worker-handle.ts'
import { DUCKLING_SOURCE, readJson, temporaryFolder } from './support/duckling.ts'
import { expectCode } from './support/expect-code.ts'
import { NEVER, readAll, request, sampler } from './support/requests.ts'

/** Duckling with other files, whose hashes the manifest names: nobody but its maker is to blame. */
async function forge(folder: string, changes: Record<string, Buffer>): Promise<PackedModel> {
  const source = path.join(folder, 'source')
  await mkdir(source)
  const { manifest } = await loadManifest(DUCKLING_SOURCE)
  for (const name of [...manifest.files.map((file) => file.path), 'model.safetensors']) {
    if (name !== 'model.onnx') {
      await copyFile(path.join(DUCKLING_SOURCE, name), path.join(source, name))
    }
  }
  const files = manifest.files.map((file) => {
    const bytes = changes[file.path]
    if (bytes === undefined) return file
    return { path: file.path, size: bytes.length, sha256: sha256Hex(bytes) }
  })
  for (const [name, bytes] of Object.entries(changes)) {
    await writeFile(path.join(source, name), bytes)
  }
  await writeFile(path.join(source, MANIFEST_FILE), JSON.stringify({ ...manifest, files }))
  return ensurePackedModel(source, path.join(folder, 'packed'))
}

async function tokenizer(changes: object): Promise<Buffer> {
  const json = (await readJson(DUCKLING_SOURCE, 'tokenizer.json')) as object
  return Buffer.from(JSON.stringify({ ...json, ...changes }))
}

describe('engine: bad input', () => {
  let folder: string
  let remove: () => Promise<void>
  beforeEach(async () => {
    ;({ folder, remove } = await temporaryFolder())
  })
  afterEach(() => remove())

  it('does not offer a model with a broken tokenizer, template, config or graph', async () => {
    const bombs: [Record<string, Buffer>, string][] = [
      [{ 'tokenizer.json': await tokenizer({ model: { type: 'None' } }) }, 'MODEL_UNSUPPORTED'],
      [{ 'tokenizer.json': Buffer.from('['.repeat(100_000)) }, 'MODEL_CORRUPT'],
      [
        {
          'tokenizer.json': await tokenizer({
            added_tokens: [{ id: 1, content: '', special: true }],
          }),
        },
        'MODEL_UNSUPPORTED',
      ],
      [
        { 'tokenizer_config.json': Buffer.from('{"chat_template":"{% for %}"}') },
        'MODEL_UNSUPPORTED',
      ],
      [
        { 'config.json': Buffer.from('{"model_type":"llama","vocab_size":1e300}') },
        'MODEL_UNSUPPORTED',
      ],
    ]
    for (const [i, [changes, code]] of bombs.entries()) {
      const own = path.join(folder, `${i}`)
      await mkdir(own)
      await expectCode(code, async () => {
        const pack = await forge(own, changes)
        const engine = new EngineHost({ folders: [pack.folder] })
        await engine.start()
        await engine.stop()
      })
    }
  })

  it('ends a worker that a tokenizer keeps busy for ever', async () => {
    const pattern = { Regex: '(d+)+!' }
    const split = { type: 'Split', pattern, behavior: 'Isolated', invert: false }
    const json = (await readJson(DUCKLING_SOURCE, 'tokenizer.json')) as { pre_tokenizer: object }
    const trap = { type: 'Sequence', pretokenizers: [split, json.pre_tokenizer] }
    const pack = await forge(folder, { 'tokenizer.json': await tokenizer({ pre_tokenizer: trap }) })
    const watches: (() => void)[] = []
    const restarts: (() => void)[] = []
    const heard: string[] = []
    const engine = new EngineHost({
      folders: [pack.folder],
      components: {
        spawn: (init, listener) =>
          spawnWorker(init, {
            ...listener,
            report: (message) => {
              heard.push(message.type)
              listener.report(message)
            },
          }),
        schedule: (task, delayMs) => {
          const list = delayMs < PING_INTERVAL_MS ? restarts : watches
          list.push(task)
          return () => {
            if (list.includes(task)) list.splice(list.indexOf(task), 1)
          }
        },
      },
    })
    await engine.start()
    const trapped = engine.open(pack.modelId, request('d'.repeat(400)), NEVER)
    await new Promise(setImmediate)
    watches.shift()?.()
    // While another worker answers whole prompts, this one does not even say that it is there.
    const other = new EngineHost({ folders: [pack.folder] })
    await other.start()
    await readAll(await other.open(pack.modelId, request('What is 6 times 7?'), NEVER))
    await other.stop()
    expect(heard).to.deep.equal(['ready'])
    for (let asked = 1; asked <= MAX_MISSED_PINGS; asked++) watches.shift()?.()
    await expectCode('ENGINE_CRASHED', () => trapped)
    expect(engine.stats()).to.include({ openGenerations: 0, crashes: 1 })
    restarts.shift()?.()
    const next = await engine.open(pack.modelId, request('What is 6 times 7?'), NEVER)
    expect((await readAll(next)).text).to.equal('6 times 7 is 42.')
    await engine.stop()
  })

  it('takes huge biases, no tokens at all and stop strings that never come', async () => {
    const pack = await forge(folder, {})
    const engine = new EngineHost({ folders: [pack.folder] })
    await engine.start()
    const ask = async (changes: Parameters<typeof request>[1]) =>
      readAll(await engine.open(pack.modelId, request('What is 6 times 7?', changes), NEVER))
    const biased = (bias: number) => ({
      maxTokens: 5,
      sampler: sampler({ logitBias: new Map([[40, bias]]) }),
    })
    expect((await ask(biased(1000))).ids).to.deep.equal([40, 40, 40, 40, 40])
    await expectCode('REQUEST_INVALID', () => ask(biased(1e308)))
    await expectCode('REQUEST_INVALID', () => ask(biased(NaN)))
    expect(await ask({ maxTokens: 0 })).to.deep.equal({ ids: [], text: '', finishReason: 'length' })
    expect((await ask({ stop: ['\u0000never'] })).text).to.equal('6 times 7 is 42.')
    await expectCode('REQUEST_INVALID', () => ask({ client: 'x'.repeat(129) }))
    expect((await ask({})).text).to.equal('6 times 7 is 42.')
    expect(engine.stats().openGenerations).to.equal(0)
    await engine.stop()
  })

  it('refuses weights that were cut off or edited', async () => {
    const pack = await forge(folder, {})
    const file = path.join(pack.folder, 'model.onnx')
    const bytes = await readFile(file)
    const edited = Buffer.from(bytes)
    edited[5_000_000] = (edited[5_000_000] ?? 0) ^ 64
    for (const bad of [bytes.subarray(0, bytes.length - 1), edited]) {
      await writeFile(file, bad)
      await expectCode('MODEL_CORRUPT', () => new EngineHost({ folders: [pack.folder] }).start())
    }
  })
})
