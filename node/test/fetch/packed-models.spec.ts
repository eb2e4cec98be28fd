/** Tests: PackedModels. */
import { rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { PackedModels } from '../../src/fetch/packed-models.ts'
import { sha256, someBytes, writeTinyModel } from '../models/tiny-model.ts'
import { withTempDir } from '../temp-dir.ts'

describe('PackedModels', () => {
  it('serves the files of a folder by hash, and nothing that has changed its size or is gone', async () => {
    await withTempDir(async (folder) => {
      const bytes = someBytes(1_000)
      const { modelId } = await writeTinyModel(folder, 'm', { 'a/b.bin': bytes })
      const packed = await PackedModels.open([folder, join(folder, 'none')])
      expect(packed.ids).to.deep.equal([modelId])
      expect(`0x${sha256((await packed.manifest(modelId)) ?? new Uint8Array())}`).to.equal(modelId)
      expect(await packed.size(sha256(bytes))).to.equal(1_000)
      expect(await packed.read(sha256(bytes), 10, 20)).to.deep.equal(bytes.slice(10, 30))
      expect(await packed.read(sha256(bytes), 990, 20)).to.deep.equal(bytes.slice(990))
      expect(await packed.size('00'.repeat(32))).to.equal(undefined)
      await truncate(join(folder, 'a/b.bin'), 999)
      expect(await packed.size(sha256(bytes))).to.equal(undefined)
      await rm(join(folder, 'a/b.bin'))
      expect(await packed.size(sha256(bytes))).to.equal(undefined)
    })
  })
})
