/** Tests: models built in the layout of Hugging Face exports, into folders and into the store. */
import { expect } from 'chai'
import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { EngineHost, spawnInProcess } from '../../../src/engine/index.ts'
import { sha256Hex } from '../../../src/engine/model/model-files.ts'
import { describeFolder } from '../../../src/models/describe-folder.ts'
import { addModel, ModelStore, packFolder } from '../../../src/models/index.ts'
import { rejection } from '../../reject.ts'
import { DUCKLING_SOURCE, goldenCases, temporaryFolder } from '../support/duckling.ts'
import { NEVER, readAll, request } from '../support/requests.ts'

describe('engine/interop: the standard layout', function () {
  this.timeout(60_000)
  let folder: string
  let remove: () => Promise<void>
  beforeEach(async () => {
    ;({ folder, remove } = await temporaryFolder())
  })
  afterEach(() => remove())

  it('is written where other programs look for it, with the same bytes each time', async () => {
    const [a, b] = [path.join(folder, 'a'), path.join(folder, 'b')]
    const { loaded } = await packFolder(DUCKLING_SOURCE, a, { layout: 'std' })
    expect(loaded.manifest).to.include({ name: 'duckling-standard', graph: 'std' })
    expect(await readdir(a)).to.have.members([
      ...['LICENSE', 'config.json', 'duckmesh.model.json', 'generation_config.json', 'onnx'],
      ...['tokenizer.json', 'tokenizer_config.json'],
    ])
    await packFolder(DUCKLING_SOURCE, b, { layout: 'std' })
    const [one, two] = await Promise.all(
      [a, b].map((each) => readFile(path.join(each, 'onnx/model.onnx'))),
    )
    expect(sha256Hex(one ?? Buffer.of(1))).to.equal(sha256Hex(two ?? Buffer.of(2)))
  })

  it('is built for the store from weights, and answers', async () => {
    const store = await ModelStore.at(path.join(folder, 'store'))
    const { loaded } = await addModel(store, DUCKLING_SOURCE, { layout: 'std', q4: true })
    expect(loaded.manifest).to.include({ graph: 'std', weights: 'q4' })
    expect(loaded.manifest.name).to.equal('duckling-standard-q4')
    const opened = await store.open(loaded.modelId)
    const components = { spawn: spawnInProcess }
    const engine = new EngineHost({ folders: [opened.folder], components })
    await engine.start()
    const [first] = await goldenCases()
    const asked = request(first?.prompt ?? '', { maxTokens: 20 })
    const answer = await readAll(await engine.open(loaded.modelId, asked, NEVER))
    expect(answer.text).to.match(/Oslo/)
    await engine.stop()
    opened.release()
  })

  it('is built again from a source folder whose manifest names it, and from no other weights', async () => {
    const [source, out] = [path.join(folder, 'source'), path.join(folder, 'out')]
    await cp(DUCKLING_SOURCE, source, { recursive: true })
    await packFolder(source, out, { layout: 'std' })
    await cp(path.join(out, 'duckmesh.model.json'), path.join(source, 'duckmesh.model.json'))
    const again = await packFolder(source, path.join(folder, 'again'))
    expect(again.measured).to.equal(false)
    const weights = await readFile(path.join(source, 'model.safetensors'))
    weights.writeUInt8(1 + (weights.at(-1) ?? 0), weights.length - 1)
    await writeFile(path.join(source, 'model.safetensors'), weights)
    const wrong = await rejection(packFolder(source, path.join(folder, 'wrong')))
    expect(wrong).to.include({ code: 'MODEL_CORRUPT' })
    expect(wrong.message).to.match(/model\.onnx with another hash/)
  })

  it('is not made of a folder that brings another graph', async () => {
    const out = path.join(folder, 'out')
    await packFolder(DUCKLING_SOURCE, out, { layout: 'std' })
    expect(await rejection(describeFolder(out, { layout: 'gqa' }))).to.include({
      code: 'MODEL_UNSUPPORTED',
    })
    expect(await rejection(describeFolder(out, { q4: true }))).to.include({
      code: 'MODEL_UNSUPPORTED',
    })
    const { loaded } = await describeFolder(out, { layout: 'std', name: 'same' })
    expect(loaded.manifest.graph).to.equal('std')
  })
})
