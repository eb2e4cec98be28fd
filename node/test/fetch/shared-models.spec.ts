/** Tests: SharedModels. */
import { join } from 'node:path'
import { expect } from 'chai'
import { DuckMeshError } from '@duckmesh/protocols'
import type { Hex } from '@duckmesh/protocols'
import { PackedModels } from '../../src/fetch/packed-models.ts'
import { SharedModels } from '../../src/fetch/shared-models.ts'
import { ModelStore } from '../../src/models/index.ts'
import type { BlockReader } from '../../src/models/index.ts'
import { ManualClock } from '../manual-clock.ts'
import { rejection } from '../reject.ts'
import { sha256, someBytes, tinyManifest, writeTinyModel } from '../models/tiny-model.ts'
import { withTempDir } from '../temp-dir.ts'

describe('SharedModels', () => {
  it('has the models of the store and those of folders, and none that is not whole', async () => {
    await withTempDir(async (folder) => {
      const [mine, stored] = [someBytes(50), someBytes(60)]
      const one = await writeTinyModel(join(folder, 'one'), 'one', { 'a.bin': mine })
      const two = await writeTinyModel(join(folder, 'two'), 'two', { 'a.bin': stored })
      const part = tinyManifest('part', { 'a.bin': someBytes(70) })
      const store = await ModelStore.at(join(folder, 'store'))
      await store.add(join(folder, 'two'))
      await store.putManifest(new TextEncoder().encode(JSON.stringify(part.manifest)))
      const packed = await PackedModels.open([join(folder, 'one')])
      const shared = new SharedModels({ clock: new ManualClock(), store, packed })
      expect(await shared.ids()).to.have.members([one.modelId, two.modelId])
      for (const bytes of [mine, stored]) {
        expect(await shared.size(sha256(bytes))).to.equal(bytes.length)
        expect(await shared.read(sha256(bytes), 0, 100)).to.deep.equal(bytes)
      }
      for (const { modelId } of [one, two]) {
        const manifest = (await shared.manifest(modelId)) ?? expect.fail('no manifest')
        expect(`0x${sha256(manifest)}`).to.equal(modelId)
      }
      expect(await shared.manifest(part.modelId)).to.equal(undefined)
    })
  })

  it('reads the store through once a second at most, whatever strangers ask', async () => {
    const clock = new ManualClock()
    const asked = { list: 0, manifest: 0 }
    const id = (n: number): Hex => `0x${n.toString(16).padStart(64, '0')}`
    let fails = false
    const store: BlockReader = {
      list: () => {
        asked.list++
        if (fails) return Promise.reject(new DuckMeshError('STORE_CORRUPT', 'It is gone.'))
        const facts = { cid: '', name: '', bytes: 0, pinned: false, usedAtMs: 0 }
        return Promise.resolve([{ ...facts, modelId: id(1) }])
      },
      manifest: () => {
        asked.manifest++
        return Promise.resolve(new Uint8Array(1))
      },
      size: () => Promise.resolve(undefined),
      read: () => Promise.resolve(new Uint8Array()),
    }
    const shared = new SharedModels({ clock, store, packed: await PackedModels.open([]) })
    for (let n = 0; n < 100; n++) await shared.manifest(id(n))
    for (let n = 0; n < 100; n++) await shared.manifest(id(1))
    expect(asked).to.deep.equal({ list: 1, manifest: 1 })
    clock.advance(1_000)
    fails = true
    expect((await rejection(shared.ids())).code).to.equal('STORE_CORRUPT')
    fails = false
    expect(await shared.ids()).to.deep.equal([id(1)])
    expect(asked.list).to.equal(3)
  })
})
