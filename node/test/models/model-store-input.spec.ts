/** Tests: ModelStore with folders, manifests and stores that are not what they should be. */
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
import { rejection } from '../reject.ts'
import { withTempDir } from '../temp-dir.ts'
import { blobsIn, names, withStore } from './store-world.ts'
import {
  bytesOf,
  manifestJson,
  sha256,
  someBytes,
  tinyManifest,
  writeTinyModel,
} from './tiny-model.ts'

const SHARED = someBytes(300)

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
