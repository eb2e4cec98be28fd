import { existsSync } from 'node:fs'
import {
  appendFile,
  copyFile,
  cp,
  mkdir,
  readdir,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { loadManifest } from '../../src/engine/model/manifest.ts'
import { addModel, ModelStore, packFolder, selfTestModel } from '../../src/models/index.ts'
import { DUCKLING_SOURCE } from '../engine/support/duckling.ts'
import { writeStandardDuckling } from '../engine/support/standard-duckling.ts'
import { rejection } from '../reject.ts'
import { withTempDir } from '../temp-dir.ts'

async function withStore(use: (store: ModelStore, folder: string) => Promise<void>): Promise<void> {
  await withTempDir(async (folder) => {
    await use(await ModelStore.at(join(folder, 'store')), folder)
  })
}

describe('addModel', () => {
  it('builds the graph of a source folder, under the id that its manifest has', async () => {
    await withStore(async (store) => {
      const published = await loadManifest(DUCKLING_SOURCE)
      const { loaded, measured } = await addModel(store, DUCKLING_SOURCE)
      expect(measured).to.equal(false)
      expect(loaded.cid).to.equal(published.cid)
      await selfTestModel(store, loaded.modelId)
      expect(existsSync(store.paths.packing)).to.equal(false)
      // Adding it again changes nothing.
      const [before] = await store.list()
      await addModel(store, DUCKLING_SOURCE)
      expect((await store.list()).map(({ cid }) => cid)).to.deep.equal([before?.cid])
    })
  })

  it('describes a folder of Hugging Face, and writes nothing into it', async () => {
    await withStore(async (store, folder) => {
      const source = join(folder, 'My Model')
      await writeStandardDuckling(source)
      await writeFile(
        join(source, 'README.md'),
        '---\ntags: [x]\nlicense: apache-2.0\n---\n# Model\n',
      )
      const files = await readdir(source, { recursive: true })
      const { loaded, measured } = await addModel(store, source)
      expect(measured).to.equal(true)
      expect(loaded.manifest).to.include({ name: 'my-model', license: 'apache-2.0', graph: 'std' })
      expect(loaded.manifest.calibration).to.have.length(3)
      expect(await readdir(source, { recursive: true })).to.deep.equal(files)
      await selfTestModel(store, loaded.modelId)
      const named = await addModel(store, source, {
        name: 'other',
        license: 'MIT',
        prompts: ['Hi'],
      })
      expect(named.loaded.manifest).to.include({ name: 'other', license: 'MIT' })
      expect(named.loaded.manifest.calibration).to.have.length(1)
      // Same files, so the second one takes no room.
      expect((await store.usage()).bytes).to.equal((await store.list())[0]?.bytes)
      const opaque = rejection(addModel(store, source, { q4: true }))
      expect((await opaque).code).to.equal('MODEL_UNSUPPORTED')
    })
  })

  it('quantises, keeping what the own manifest of the folder says', async () => {
    await withStore(async (store) => {
      const { loaded, measured } = await addModel(store, DUCKLING_SOURCE, { q4: true })
      expect(measured).to.equal(true)
      expect(loaded.manifest).to.include({ name: 'duckling-q4', license: 'MIT', weights: 'q4' })
      await selfTestModel(store, loaded.modelId)
    })
  })

  it('refuses folders that are no model, with what to do', async () => {
    await withStore(async (store, folder) => {
      const source = join(folder, 'broken')
      expect((await rejection(addModel(store, source))).message).to.contain('no folder')
      await mkdir(source)
      expect((await rejection(addModel(store, source))).code).to.equal('MODEL_SOURCE_REFUSED')
      await writeStandardDuckling(source)
      await truncate(join(source, 'onnx/model.onnx'), 1_000_000)
      expect((await rejection(addModel(store, source))).code).to.equal('MODEL_UNSUPPORTED')
      await writeFile(join(source, 'tokenizer.json'), '{}')
      await rm(join(source, 'onnx'), { recursive: true })
      await copyFile(join(DUCKLING_SOURCE, 'model.safetensors'), join(source, 'model.safetensors'))
      expect((await rejection(addModel(store, source))).code).to.match(/^MODEL_/)
      await writeFile(join(source, 'duckmesh.model.json'), '{}')
      expect((await rejection(addModel(store, source))).code).to.equal('MODEL_MANIFEST_INVALID')
      expect(await store.list()).to.deep.equal([])
      expect(await store.unfinished()).to.deep.equal([])
    })
  })

  it('refuses safetensors that are not those of the manifest, and links', async () => {
    await withStore(async (store, folder) => {
      const source = join(folder, 'duckling')
      await cp(DUCKLING_SOURCE, source, { recursive: true })
      const weights = join(source, 'model.safetensors')
      await truncate(weights, 7_000_000)
      expect((await rejection(addModel(store, source))).code).to.equal('MODEL_CORRUPT')
      expect(existsSync(store.paths.packing)).to.equal(false)
      await rm(source, { recursive: true })
      await writeStandardDuckling(source)
      await rm(join(source, 'config.json'))
      await symlink(join(DUCKLING_SOURCE, 'config.json'), join(source, 'config.json'))
      const error = await rejection(addModel(store, source))
      expect(error.code).to.equal('MODEL_SOURCE_REFUSED')
      expect(error.message).to.contain('cp -rL')
    })
  })
})

describe('packFolder', () => {
  it('writes a folder that can be added, and replaces an earlier pack only', async () => {
    await withStore(async (store, folder) => {
      const target = join(folder, 'packed')
      await mkdir(target)
      const first = await packFolder(DUCKLING_SOURCE, target)
      const second = await packFolder(DUCKLING_SOURCE, target, { q4: true, name: 'small' })
      expect(second.loaded.cid).to.not.equal(first.loaded.cid)
      const { loaded, measured } = await addModel(store, target)
      expect([loaded.cid, measured]).to.deep.equal([second.loaded.cid, false])
      await selfTestModel(store, loaded.modelId)

      const mine = join(folder, 'mine')
      await mkdir(mine)
      await appendFile(join(mine, 'letter.txt'), 'x')
      for (const wrong of [mine, join(mine, 'letter.txt')]) {
        expect((await rejection(packFolder(DUCKLING_SOURCE, wrong))).code).to.equal(
          'CONFIG_INVALID',
        )
      }
      expect(await readdir(mine)).to.deep.equal(['letter.txt'])
    })
  })
})
