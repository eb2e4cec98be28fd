import { existsSync } from 'node:fs'
import {
  appendFile,
  chmod,
  mkdir,
  readdir,
  readFile,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { ModelStore } from '../../src/models/index.ts'
import { ManualClock } from '../manual-clock.ts'
import { rejection } from '../reject.ts'
import { withTempDir } from '../temp-dir.ts'
import {
  bytesOf,
  manifestJson,
  sha256,
  someBytes,
  tinyManifest,
  writeTinyModel,
} from './tiny-model.ts'
import type { Files } from './tiny-model.ts'

const SHARED = someBytes(300)

/** A store, and a way to add models to it one after another. */
async function withStore(
  use: (
    store: ModelStore,
    folder: string,
    add: (name: string, files?: Files) => Promise<Added>,
  ) => Promise<void>,
  clock = new ManualClock(1_000_000),
): Promise<void> {
  await withTempDir(async (folder) => {
    const root = join(folder, 'store')
    const store = await ModelStore.at(root, { clock })
    await use(store, root, async (name, files = { 'a.bin': someBytes(1000) }) => {
      clock.advance(1000)
      const source = join(folder, name)
      const { cid, modelId } = await writeTinyModel(source, name, files)
      await store.add(source)
      return { cid, modelId, source, files }
    })
  })
}

interface Added {
  cid: string
  modelId: `0x${string}`
  source: string
  files: Files
}

async function blobsIn(root: string): Promise<string[]> {
  const names = await readdir(join(root, 'blobs'), { recursive: true })
  return names
    .filter((name) => name.includes('/'))
    .map((name) => name.slice(3))
    .sort()
}

const names = async (store: ModelStore): Promise<string[]> =>
  (await store.list()).map((m) => m.name)

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

describe('ModelStore with bad input', () => {
  it('takes nothing of a folder whose files are not what its manifest says', async () => {
    await withStore(async (store, root, add) => {
      const damages: [string, (file: string) => Promise<void>, string][] = [
        ['truncated', (file) => truncate(file, 10), 'MODEL_CORRUPT'],
        ['edited', (file) => writeFile(file, new Uint8Array(1000)), 'MODEL_CORRUPT'],
        ['longer', (file) => appendFile(file, 'x'), 'MODEL_CORRUPT'],
        ['missing', (file) => rm(file), 'MODEL_SOURCE_REFUSED'],
        [
          'folder',
          (file) =>
            rm(file)
              .then(() => mkdir(file))
              .then(() => undefined),
          'MODEL_SOURCE_REFUSED',
        ],
      ]
      const { source } = await add('good')
      await store.remove((await store.find('good')).modelId)
      for (const [what, damage, code] of damages) {
        await writeTinyModel(source, 'good', { 'z.bin': SHARED, 'a.bin': someBytes(1000) })
        await damage(join(source, 'a.bin'))
        const error = await rejection(store.add(source))
        expect(error.code, what).to.equal(code)
        await rm(join(source, 'a.bin'), { recursive: true, force: true })
      }
      expect(await store.list()).to.deep.equal([])
      expect(await store.unfinished()).to.deep.equal([])
      expect(await blobsIn(root)).to.deep.equal([])
    })
  })

  it('refuses symbolic links in a folder, to a file or on the way to it', async () => {
    await withTempDir(async (folder) => {
      const store = await ModelStore.at(join(folder, 'store'))
      const secret = someBytes(20)
      await mkdir(join(folder, 'private'))
      await writeFile(join(folder, 'private', 'key'), secret)
      for (const [path, target] of [
        ['key', 'private/key'],
        ['sub/key', 'private'],
      ] as const) {
        const source = join(folder, path.replace('/', '-'))
        await writeTinyModel(source, 'm', { [path]: secret })
        const link = join(source, path.split('/')[0]!)
        await rm(link, { recursive: true })
        await symlink(join(folder, target), link)
        const error = await rejection(store.add(source))
        expect(error.code).to.equal('MODEL_SOURCE_REFUSED')
        expect(error.message).to.contain('symbolic link')
      }
      expect(await store.size(sha256(secret))).to.equal(undefined)
    })
  })

  it('refuses manifests that lead out of a folder or are none', async () => {
    await withStore(async (store, root) => {
      const bad = ['../../outside', '/etc/passwd', 'a/../../b', '.hidden', 'a\\..\\b', 'a//b'].map(
        (path) => manifestJson('m', { [path]: SHARED }),
      )
      const texts = [...bad, { ...manifestJson('m', { a: SHARED }), extra: 1 }, [], null].map(
        bytesOf,
      )
      const others = [new Uint8Array(), new TextEncoder().encode('{'), new Uint8Array([0xff, 0xfe])]
      const huge = bytesOf('x'.repeat(1024 * 1024))
      for (const bytes of [...texts, ...others, huge]) {
        expect((await rejection(store.putManifest(bytes))).code).to.equal('MODEL_MANIFEST_INVALID')
      }
      expect(await readdir(join(root, 'manifests'))).to.deep.equal([])
    })
  })

  it('finds an edited file when it verifies, removes it, and has the model whole again after another add', async () => {
    await withStore(async (store, root, add) => {
      const files = { 'a.bin': someBytes(100), 'b.bin': someBytes(100) }
      const { modelId, source } = await add('first', files)
      await store.verify(modelId)
      ;(await store.open(modelId)).release()
      const blob = join(root, 'blobs', sha256(files['a.bin']).slice(0, 2), sha256(files['a.bin']))
      for (const damage of [() => writeFile(blob, new Uint8Array(100)), () => truncate(blob, 10)]) {
        await chmod(blob, 0o644)
        await damage()
        const error = await rejection(store.verify(modelId))
        expect(error.code).to.equal('MODEL_CORRUPT')
        expect(error.message).to.contain('a.bin')
        expect(await store.size(sha256(files['a.bin']))).to.equal(undefined)
        expect((await store.unfinished()).map(({ have }) => have)).to.deep.equal([100])
        expect((await rejection(store.open(modelId))).code).to.equal('MODEL_NOT_STORED')
        expect((await rejection(store.verify(modelId))).message).to.contain('Only 100 of 200 bytes')
        await store.add(source)
        await store.verify(modelId)
        const { folder, release } = await store.open(modelId)
        expect(new Uint8Array(await readFile(join(folder, 'a.bin')))).to.deep.equal(files['a.bin'])
        release()
      }
    })
  })

  it('finds an edited copy in the folder of a model, and makes the folder again', async () => {
    await withTempDir(async (folder) => {
      const linkFile = (): Promise<void> => Promise.reject(new Error('EXDEV'))
      const store = await ModelStore.at(join(folder, 'store'), { linkFile })
      const bytes = someBytes(100)
      const { modelId } = await writeTinyModel(join(folder, 'm'), 'm', { 'a.bin': bytes })
      await store.add(join(folder, 'm'))
      for (const name of ['a.bin', 'duckmesh.model.json']) {
        const opened = await store.open(modelId)
        const victim = join(opened.folder, name)
        opened.release()
        const right = await readFile(victim)
        await rm(victim)
        await writeFile(victim, new Uint8Array(right.length))
        await store.verify(modelId)
        const again = await store.open(modelId)
        expect((await readFile(join(again.folder, name))).equals(right)).to.equal(true)
        again.release()
      }
    })
  })

  it('removes no file while a manifest is damaged, until it is repaired', async () => {
    await withStore(async (store, root, add) => {
      const [first, second] = [await add('first'), await add('second')]
      const damaged = join(root, 'manifests', `${first.cid}.json`)
      await writeFile(damaged, '{"version":1')
      expect(await names(store)).to.deep.equal(['second'])
      await store.remove(second.modelId)
      expect(await blobsIn(root)).to.have.length(2)
      expect(await store.repair()).to.deep.equal([damaged])
      expect(await blobsIn(root)).to.deep.equal([])
      expect(await store.repair()).to.deep.equal([])
    })
  })

  it('refuses a store of a later version, a file in its place, and damaged settings', async () => {
    await withTempDir(async (folder) => {
      const root = join(folder, 'store')
      const store = await ModelStore.at(root)
      await writeFile(join(root, 'settings.json'), '{"quotaBytes":-1}')
      expect((await rejection(store.usage())).code).to.equal('STORE_CORRUPT')
      await writeFile(join(root, 'version'), '2\n')
      expect((await rejection(ModelStore.at(root))).code).to.equal('VERSION_UNSUPPORTED')
      await writeFile(join(folder, 'file'), '')
      expect((await rejection(ModelStore.at(join(folder, 'file')))).code).to.equal('CONFIG_INVALID')
      expect(existsSync(join(root, 'blobs'))).to.equal(true)
    })
  })

  it('counts a promised model as if it were whole', async () => {
    await withStore(async (store, _, add) => {
      await store.setQuota(1500)
      const { manifest } = tinyManifest('coming', { 'a.bin': someBytes(1200) })
      await store.putManifest(bytesOf(manifest))
      expect((await store.usage()).bytes).to.equal(1200)
      expect((await store.unfinished()).map(({ have, name }) => [name, have])).to.deep.equal([
        ['coming', 0],
      ])
      // Nobody writes its files, so it may go.
      await add('first')
      expect(await store.unfinished()).to.deep.equal([])
    })
  })
})
