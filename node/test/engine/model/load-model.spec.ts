/** Tests: loadModel. */
import { expect } from 'chai'
import { readFile, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { loadModel } from '../../../src/engine/model/load-model.ts'
import { encodeManifest, loadManifest, MANIFEST_FILE } from '../../../src/engine/model/manifest.ts'
import type { ModelManifest } from '../../../src/engine/model/manifest.ts'
import type { PackedModel } from '../../../src/engine/index.ts'
import { packedDuckling } from '../support/duckling.ts'
import { expectCode } from '../support/expect-code.ts'

describe('engine/model/load-model', () => {
  let pack: PackedModel & { remove: () => Promise<void> }
  beforeEach(async () => {
    pack = await packedDuckling()
  })
  afterEach(() => pack.remove())

  const inPack = (name: string): string => path.join(pack.folder, name)

  async function rewriteManifest(change: (manifest: ModelManifest) => object): Promise<void> {
    const { manifest } = await loadManifest(pack.folder)
    const changed = { ...manifest, ...change(manifest) }
    await writeFile(inPack(MANIFEST_FILE), encodeManifest(changed))
  }

  it('loads an intact pack', async () => {
    const loaded = await loadModel(pack.folder)
    expect(loaded.info).to.deep.equal({
      modelId: pack.modelId,
      cid: pack.cid,
      name: 'duckling',
      contextLength: 512,
      determinism: 'f32',
      task: 'text-generation',
      threads: 1,
    })
    if (!('model' in loaded)) throw new TypeError('Duckling generates text')
    expect(loaded.vocabSize).to.equal(1024)
    await loaded.model.release()
  })

  it('refuses one changed byte, naming the file and what to do', async () => {
    const bytes = await readFile(inPack('model.onnx'))
    bytes[4_000_000] = (bytes[4_000_000] ?? 0) ^ 1
    await writeFile(inPack('model.onnx'), bytes)
    const error = await expectCode('MODEL_CORRUPT', () => loadModel(pack.folder))
    expect(error.details).to.include({ file: 'model.onnx', reason: 'its hash is wrong' })
    expect(error.message).to.contain('Delete that folder')
  })

  it('refuses a truncated and a missing file', async () => {
    await writeFile(inPack('tokenizer.json'), '{}')
    await expectCode('MODEL_CORRUPT', () => loadModel(pack.folder))
    await rm(inPack('tokenizer.json'))
    await expectCode('MODEL_CORRUPT', () => loadModel(pack.folder))
  })

  it('refuses a link, even to the right bytes', async () => {
    await writeFile(inPack('elsewhere'), await readFile(inPack('config.json')))
    await rm(inPack('config.json'))
    await symlink(inPack('elsewhere'), inPack('config.json'))
    await expectCode('MODEL_CORRUPT', () => loadModel(pack.folder))
  })

  it('refuses a model whose logits are not the published ones', async () => {
    await rewriteManifest(({ calibration }) => ({
      calibration: calibration.map(({ ids, top }) => ({
        ids,
        top: top.map(([id, logit]) => [id, logit + 0.0015]),
      })),
    }))
    await expectCode('MODEL_SELF_TEST_FAILED', () => loadModel(pack.folder))
  })

  it('refuses a manifest that claims more than the network can do', async () => {
    await rewriteManifest(() => ({ contextLength: 1024 }))
    await expectCode('MODEL_MANIFEST_INVALID', () => loadModel(pack.folder))
  })
})
