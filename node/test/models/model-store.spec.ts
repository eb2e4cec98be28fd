/** Tests: ModelStore, what it holds, gives back and lets go. */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { ModelStore } from '../../src/models/index.ts'
import { rejection } from '../reject.ts'
import { withTempDir } from '../temp-dir.ts'
import { blobsIn, names, withStore } from './store-world.ts'
import { bytesOf, sha256, someBytes, tinyManifest, writeTinyModel } from './tiny-model.ts'

const SHARED = someBytes(300)

describe('ModelStore', () => {
  it('holds a folder by the hashes of its files, and gives them back', async () => {
    await withStore(async (store, root, add) => {
      const files = {
        'config.json': someBytes(10),
        'onnx/model.onnx': someBytes(70_000),
        EMPTY: new Uint8Array(),
      }
      const { cid, modelId } = await add('first', files)
      const all = Object.values(files)
      expect(await store.list()).to.deep.equal([
        { modelId, cid, name: 'first', bytes: 70_010, pinned: false, usedAtMs: 1_001_000 },
      ])
      expect(await blobsIn(root)).to.deep.equal(all.map(sha256).sort())
      expect(await readdir(join(root, 'partial'))).to.deep.equal([])
      for (const bytes of all) {
        expect(await store.size(sha256(bytes))).to.equal(bytes.length)
        expect(await store.read(sha256(bytes), 0, 1e9)).to.deep.equal(bytes)
      }
      const weights = files['onnx/model.onnx']
      expect(await store.read(sha256(weights), 69_990, 100)).to.deep.equal(weights.subarray(69_990))
      expect(await store.read(sha256(weights), 70_001, 5)).to.have.length(0)
      const manifest = await store.manifest(modelId)
      expect(`0x${sha256(manifest!)}`).to.equal(modelId)
      expect(await store.usage()).to.deep.equal({ bytes: 70_010, quotaBytes: 64 * 1024 ** 3 })
    })
  })

  it('knows models by name, CID and id, and nothing else', async () => {
    await withStore(async (store, _, add) => {
      const { cid, modelId } = await add('first')
      for (const text of ['first', cid, modelId, modelId.toUpperCase().replace('0X', '0x')]) {
        expect((await store.find(text)).cid).to.equal(cid)
      }
      for (const text of ['second', '', '../first', cid.slice(1), `0x${'0'.repeat(64)}`]) {
        expect((await rejection(store.find(text))).code).to.equal('MODEL_NOT_STORED')
      }
      await add('other').then(({ source }) => rm(source, { recursive: true }))
      await add('first', { 'b.bin': someBytes(5) })
      const error = await rejection(store.find('first'))
      expect(error.message).to.contain('2 models').and.contain(cid)
    })
  })

  it('answers what it does not have, and hashes that are none, without touching other files', async () => {
    await withStore(async (store, root, add) => {
      await add('first')
      await writeFile(join(root, 'secret'), 'x')
      for (const hash of ['0'.repeat(64), '../../secret', '', 'A'.repeat(64), '..']) {
        expect(await store.size(hash)).to.equal(undefined)
        expect((await rejection(store.read(hash, 0, 1))).code).to.equal('BLOB_UNKNOWN')
        expect((await rejection(store.partial(hash, 1))).code).to.equal('BLOB_UNKNOWN')
      }
      expect(await store.manifest(`0x${'1'.repeat(64)}`)).to.equal(undefined)
      const known = (await blobsIn(root))[0]!
      for (const [offset, length] of [
        [-1, 1],
        [0, -1],
        [0.5, 1],
        [0, NaN],
      ] as const) {
        expect((await rejection(store.read(known, offset, length))).code).to.equal(
          'FIELD_OUT_OF_RANGE',
        )
      }
    })
  })

  it('removes what only that model has', async () => {
    await withStore(async (store, root, add) => {
      const own = someBytes(50)
      const first = await add('first', { 'a.bin': SHARED, 'own.bin': own })
      const second = await add('second', { 'b.bin': SHARED })
      expect((await store.usage()).bytes).to.equal(350)
      await store.pin(first.modelId)
      ;(await store.open(first.modelId)).release()
      await store.remove(first.modelId)
      expect(await names(store)).to.deep.equal(['second'])
      expect(await blobsIn(root)).to.deep.equal([sha256(SHARED)])
      expect(await readdir(join(root, 'views'))).to.deep.equal([])
      expect(await readdir(join(root, 'pins'))).to.deep.equal([])
      await store.remove(second.modelId)
      expect(await blobsIn(root)).to.deep.equal([])
      expect((await rejection(store.remove(second.modelId))).code).to.equal('MODEL_NOT_STORED')
    })
  })

  it('keeps a model that is in use, also from another opening of the store', async () => {
    await withStore(async (store, root, add) => {
      const { modelId } = await add('first')
      const [one, two] = [await store.open(modelId), await store.open(modelId)]
      const other = await ModelStore.at(root)
      one.release()
      one.release()
      const error = await rejection(other.remove(modelId))
      expect(error.code).to.equal('MODEL_IN_USE')
      expect(error.retryable).to.equal(true)
      two.release()
      await other.remove(modelId)
      expect(await store.list()).to.deep.equal([])
    })
  })

  it('lets the least recently used go first, never one that is pinned or in use', async () => {
    await withStore(async (store, _, add) => {
      await store.setQuota(4000)
      const [first, second, third] = [await add('first'), await add('second'), await add('third')]
      await store.pin(first.modelId)
      const open = await store.open(second.modelId)
      await add('fourth')
      await add('fifth')
      expect(await names(store)).to.have.members(['first', 'second', 'fourth', 'fifth'])
      open.release()
      await store.unpin(first.modelId)
      // The second was used after the first was added.
      await add('sixth')
      expect(await names(store)).to.have.members(['second', 'fourth', 'fifth', 'sixth'])
      await store.add(third.source)
      expect(await names(store))
        .to.include('third')
        .and.not.include('second')
    })
  })

  it('tells which models had to leave', async () => {
    await withTempDir(async (folder) => {
      const gone: string[] = []
      const store = await ModelStore.at(join(folder, 'store'), {
        onEvict: (_, name) => gone.push(name),
      })
      for (const name of ['first', 'second']) {
        await writeTinyModel(join(folder, name), name, { 'a.bin': someBytes(100) })
        await store.add(join(folder, name))
      }
      await store.setQuota(100)
      expect(gone).to.deep.equal(['first'])
      expect(
        (await ModelStore.at(join(folder, 'store')).then((s) => s.usage())).quotaBytes,
      ).to.equal(100)
    })
  })

  it('refuses a model that the quota has no room for, and is as before', async () => {
    await withStore(async (store, root, add) => {
      const { modelId } = await add('first')
      await store.setQuota(1500)
      const tooLarge = await rejection(add('large', { 'a.bin': someBytes(1501) }))
      expect(tooLarge.code).to.equal('STORE_QUOTA')
      expect(tooLarge.details).to.include({ quotaBytes: 1500, newcomer: 1501 })
      await store.pin(modelId)
      expect((await rejection(add('second', { 'a.bin': someBytes(501) }))).code).to.equal(
        'STORE_QUOTA',
      )
      expect((await rejection(store.setQuota(999))).code).to.equal('STORE_QUOTA')
      for (const bad of [0, -1, 1.5, NaN]) {
        expect((await rejection(store.setQuota(bad))).code).to.equal('CONFIG_INVALID')
      }
      expect(await names(store)).to.deep.equal(['first'])
      expect(await store.unfinished()).to.deep.equal([])
      expect(await blobsIn(root)).to.have.length(1)
      expect(await store.usage()).to.deep.equal({ bytes: 1000, quotaBytes: 1500 })
    })
  })

  it('opens a folder with the files of the manifest, and makes it again when it was damaged', async () => {
    await withStore(async (store, _, add) => {
      const files = { 'config.json': someBytes(10), 'onnx/model.onnx': someBytes(100) }
      const { modelId } = await add('first', files)
      for (const damage of [undefined, 'missing', 'short']) {
        const { folder, release } = await store.open(modelId)
        for (const [path, bytes] of Object.entries(files)) {
          expect(new Uint8Array(await readFile(join(folder, path)))).to.deep.equal(bytes)
        }
        expect(`0x${sha256(await readFile(join(folder, 'duckmesh.model.json')))}`).to.equal(modelId)
        release()
        const victim = join(folder, 'config.json')
        if (damage === 'missing') await rm(victim)
        if (damage === 'short') await rm(victim).then(() => writeFile(victim, 'x'))
      }
    })
  })

  it('is opened by many at once, also while the folder is damaged', async () => {
    await withStore(async (store, root, add) => {
      const { cid, modelId, files } = await add('first')
      for (const damage of [undefined, 'short']) {
        const opened = await Promise.all(Array.from({ length: 6 }, () => store.open(modelId)))
        for (const { folder, release } of opened) {
          expect(new Uint8Array(await readFile(join(folder, 'a.bin')))).to.deep.equal(
            files['a.bin'],
          )
          release()
        }
        expect(await readdir(join(root, 'views'))).to.deep.equal([cid])
        const victim = join(root, 'views', cid, 'a.bin')
        if (damage === undefined) await rm(victim).then(() => writeFile(victim, 'x'))
      }
    })
  })

  it('copies where the file system has no links', async () => {
    await withTempDir(async (folder) => {
      const linkFile = (): Promise<void> => Promise.reject(new Error('EXDEV'))
      const store = await ModelStore.at(join(folder, 'store'), { linkFile })
      const bytes = someBytes(100)
      const { modelId } = await writeTinyModel(join(folder, 'm'), 'm', { 'x/a.bin': bytes })
      await store.add(join(folder, 'm'))
      const opened = await store.open(modelId)
      expect(new Uint8Array(await readFile(join(opened.folder, 'x/a.bin')))).to.deep.equal(bytes)
      opened.release()
    })
  })
})

describe('ModelStore.hold', () => {
  it('keeps a model that is on its way in from being removed or evicted', async () => {
    await withStore(async (store, _, add) => {
      await store.setQuota(1500)
      const { manifest, modelId } = tinyManifest('coming', { 'a.bin': someBytes(1200) })
      await store.putManifest(bytesOf(manifest))
      const release = await store.hold(modelId)
      expect((await rejection(add('first'))).code).to.equal('STORE_QUOTA')
      expect((await rejection(store.remove(modelId))).code).to.equal('MODEL_IN_USE')
      release()
      await add('first')
      expect((await rejection(store.hold(modelId))).code).to.equal('MODEL_NOT_STORED')
    })
  })
})
