import { expect } from 'chai'
import { cp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { MANIFEST_FILE } from '../../../src/engine/model/manifest.ts'
import { sha256Hex } from '../../../src/engine/model/model-files.ts'
import {
  buildGraph,
  ensurePackedModel,
  packModelFolder,
} from '../../../src/engine/pack/pack-folder.ts'
import { DUCKLING_SOURCE, temporaryFolder } from '../support/duckling.ts'
import { expectCode } from '../support/expect-code.ts'

describe('engine/pack/pack-folder', () => {
  let work: { folder: string; remove: () => Promise<void> }
  beforeEach(async () => {
    work = await temporaryFolder()
  })
  afterEach(() => work.remove())

  const out = (name: string): string => path.join(work.folder, name)

  /** A copy of the source that a test may damage. */
  async function sourceCopy(): Promise<string> {
    await cp(DUCKLING_SOURCE, out('source'), { recursive: true })
    return out('source')
  }

  it('packs twice to the same bytes and the same CID', async () => {
    const [first, second] = [await buildGraph(DUCKLING_SOURCE), await buildGraph(DUCKLING_SOURCE)]
    expect(sha256Hex(first)).to.equal(sha256Hex(second))
    const [a, b] = [
      await packModelFolder(DUCKLING_SOURCE, out('a')),
      await packModelFolder(DUCKLING_SOURCE, out('b')),
    ]
    expect(a.cid).to.equal(b.cid)
    expect(a.modelId).to.match(/^0x[0-9a-f]{64}$/)
  })

  it('puts the pack under its CID and leaves nothing else behind', async () => {
    const { cid, folder, packed } = await ensurePackedModel(DUCKLING_SOURCE, work.folder)
    expect(packed).to.equal(true)
    expect(await readdir(work.folder)).to.deep.equal([cid])
    expect(await readdir(folder)).to.have.members([
      'LICENSE',
      'config.json',
      'duckmesh.model.json',
      'generation_config.json',
      'model.onnx',
      'tokenizer.json',
      'tokenizer_config.json',
    ])
  })

  it('keeps an intact pack as it is', async () => {
    const first = await ensurePackedModel(DUCKLING_SOURCE, work.folder)
    const before = await stat(path.join(first.folder, 'model.onnx'))
    const second = await ensurePackedModel(DUCKLING_SOURCE, work.folder)
    const after = await stat(path.join(first.folder, 'model.onnx'))
    expect(second.packed).to.equal(false)
    expect(after.ino).to.equal(before.ino)
  })

  it('packs again over a damaged pack', async () => {
    const { folder } = await ensurePackedModel(DUCKLING_SOURCE, work.folder)
    await writeFile(path.join(folder, 'model.onnx'), 'damaged')
    expect((await ensurePackedModel(DUCKLING_SOURCE, work.folder)).packed).to.equal(true)
    expect((await ensurePackedModel(DUCKLING_SOURCE, work.folder)).packed).to.equal(false)
  })

  it('survives two processes packing at once', async () => {
    const packs = [1, 2, 3].map(() => ensurePackedModel(DUCKLING_SOURCE, work.folder))
    const cids = (await Promise.all(packs)).map(({ cid }) => cid)
    expect(new Set(cids).size).to.equal(1)
    expect(await readdir(work.folder)).to.deep.equal([cids[0]])
    expect((await ensurePackedModel(DUCKLING_SOURCE, work.folder)).packed).to.equal(false)
  })

  it('refuses weights that differ from the published ones', async () => {
    const source = await sourceCopy()
    const file = path.join(source, 'model.safetensors')
    const bytes = await readFile(file)
    bytes.writeFloatLE(0.5, bytes.length - 4)
    await writeFile(file, bytes)
    await expectCode('MODEL_PACK_MISMATCH', () => ensurePackedModel(source, out('models')))
  })

  it('refuses truncated weights', async () => {
    const source = await sourceCopy()
    const file = path.join(source, 'model.safetensors')
    await writeFile(file, (await readFile(file)).subarray(0, 5_000_000))
    await expectCode('MODEL_CORRUPT', () => ensurePackedModel(source, out('models')))
  })

  it('refuses a changed tokenizer, naming the file', async () => {
    const source = await sourceCopy()
    await writeFile(path.join(source, 'tokenizer.json'), '{}')
    const { details } = await expectCode('MODEL_CORRUPT', () =>
      ensurePackedModel(source, out('models')),
    )
    expect(details['file']).to.equal('tokenizer.json')
  })

  it('refuses a source without weights or without a manifest', async () => {
    const source = await sourceCopy()
    await rm(path.join(source, 'model.safetensors'))
    await expectCode('MODEL_CORRUPT', () => ensurePackedModel(source, out('models')))
    await rm(path.join(source, MANIFEST_FILE))
    await expectCode('MODEL_MANIFEST_INVALID', () => ensurePackedModel(source, out('models')))
  })
})
