import { appendFile, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { ModelStore } from '../../src/models/index.ts'
import { rejection } from '../reject.ts'
import { withTempDir } from '../temp-dir.ts'
import { bytesOf, sha256, someBytes, tinyManifest } from './tiny-model.ts'

const BYTES = someBytes(1000)
const HASH = sha256(BYTES)

/** A store that has been promised a model with one file. */
async function withPromised(
  use: (store: ModelStore, root: string) => Promise<void>,
  bytes = BYTES,
): Promise<void> {
  await withTempDir(async (root) => {
    const store = await ModelStore.at(root)
    await store.putManifest(bytesOf(tinyManifest('m', { 'a.bin': bytes }).manifest))
    await use(store, root)
  })
}

describe('PartialBlob', () => {
  it('gives the same blob however the bytes are cut and whenever the writer is changed', async () => {
    const cuts = fc.array(
      fc.record({ length: fc.integer({ min: 0, max: 400 }), close: fc.boolean() }),
    )
    await fc.assert(
      fc.asyncProperty(cuts, async (parts) => {
        await withPromised(async (store, root) => {
          let blob = await store.partial(HASH, 1000)
          let at = 0
          for (const { close, length } of parts) {
            const part = BYTES.subarray(at, at + length)
            await blob.append(part)
            at += part.length
            expect(blob.have).to.equal(at)
            if (!close) continue
            await blob.close()
            blob = await store.partial(HASH, 1000)
            expect(blob.have).to.equal(at)
          }
          expect(await store.size(HASH)).to.equal(undefined)
          await blob.append(BYTES.subarray(at))
          await blob.finish()
          await blob.close()
          expect(await store.read(HASH, 0, 2000)).to.deep.equal(BYTES)
          expect(await store.list()).to.have.length(1)
          expect(await readdir(join(root, 'partial'))).to.deep.equal([])
        })
      }),
      { numRuns: 15 },
    )
  })

  it('writes overlapping appends in their order', async () => {
    await withPromised(async (store) => {
      const blob = await store.partial(HASH, 1000)
      const parts = [0, 250, 500, 750].map((at) => BYTES.subarray(at, at + 250))
      await Promise.all(parts.map((part) => blob.append(part)))
      await blob.finish()
      expect(await store.read(HASH, 0, 1000)).to.deep.equal(BYTES)
    })
  })

  it('removes what has another hash or is too short, and starts anew', async () => {
    await withPromised(async (store, root) => {
      const wrong = [new Uint8Array(1000), BYTES.subarray(0, 999), new Uint8Array()]
      for (const bytes of wrong) {
        const blob = await store.partial(HASH, 1000)
        expect(blob.have).to.equal(0)
        await blob.append(bytes)
        const error = await rejection(blob.finish())
        expect(error.code).to.equal('MODEL_CORRUPT')
        expect(error.message).to.contain(HASH)
        expect(await readdir(join(root, 'partial'))).to.deep.equal([])
      }
      expect(await store.size(HASH)).to.equal(undefined)
      expect(await store.list()).to.deep.equal([])
    })
  })

  it('takes no more than was announced, and goes on with what is right', async () => {
    await withPromised(async (store) => {
      const blob = await store.partial(HASH, 1000)
      await blob.append(BYTES.subarray(0, 600))
      expect((await rejection(blob.append(new Uint8Array(401)))).code).to.equal('MODEL_CORRUPT')
      expect(blob.have).to.equal(600)
      await blob.append(BYTES.subarray(600))
      await blob.finish()
      expect(await store.size(HASH)).to.equal(1000)
    })
  })

  it('finds out that what an earlier writer left is damaged', async () => {
    await withPromised(async (store, root) => {
      const file = join(root, 'partial', HASH)
      await writeFile(file, new Uint8Array(400))
      const blob = await store.partial(HASH, 1000)
      expect(blob.have).to.equal(400)
      await blob.append(BYTES.subarray(400))
      expect((await rejection(blob.finish())).code).to.equal('MODEL_CORRUPT')
      await writeFile(file, new Uint8Array(1001))
      const anew = await store.partial(HASH, 1000)
      expect(anew.have).to.equal(0)
      await anew.append(BYTES)
      await anew.finish()
      expect(await store.size(HASH)).to.equal(1000)
    })
  })

  it('has one writer at a time', async () => {
    await withPromised(async (store, root) => {
      const other = await ModelStore.at(root)
      const blob = await store.partial(HASH, 1000)
      for (const each of [store, other]) {
        expect((await rejection(each.partial(HASH, 1000))).code).to.equal('STORE_LOCKED')
      }
      const { modelId } = (await other.unfinished())[0]!
      expect((await rejection(other.remove(modelId))).code).to.equal('MODEL_IN_USE')
      await blob.append(BYTES.subarray(0, 10))
      await blob.close()
      await blob.close()
      const second = await other.partial(HASH, 1000)
      expect(second.have).to.equal(10)
      await second.append(BYTES.subarray(10))
      await second.finish()
      await second.close()
      expect(await readdir(join(root, 'locks'))).to.not.include(`blob-${HASH}`)
    })
  })

  it('needs a manifest that names hash and size', async () => {
    await withPromised(async (store) => {
      expect((await rejection(store.partial(HASH, 999))).code).to.equal('BLOB_UNKNOWN')
      expect((await rejection(store.partial(sha256(SOME), 5))).code).to.equal('BLOB_UNKNOWN')
    })
  })

  it('has nothing to write when the blob is there', async () => {
    await withPromised(async (store) => {
      const blob = await store.partial(HASH, 1000)
      await blob.append(BYTES)
      await blob.finish()
      const again = await store.partial(HASH, 1000)
      expect(again.have).to.equal(1000)
      await again.append(new Uint8Array())
      expect((await rejection(again.append(SOME))).code).to.equal('MODEL_CORRUPT')
      await again.finish()
      await again.close()
      expect((await rejection(blob.append(SOME))).code).to.equal('INTERNAL')
    })
  })

  it('makes the blob read-only, so that an engine cannot write into it', async () => {
    await withPromised(async (store, root) => {
      const blob = await store.partial(HASH, 1000)
      await blob.append(BYTES)
      await blob.finish()
      const path = join(root, 'blobs', HASH.slice(0, 2), HASH)
      expect((await stat(path)).mode & 0o777).to.equal(0o444)
      expect(new Uint8Array(await readFile(path))).to.deep.equal(BYTES)
    })
  })

  const onLinux = process.platform === 'linux' ? it : it.skip
  onLinux('says that the disk is full, and keeps what was written before', async () => {
    await withPromised(async (store, root) => {
      // Linux has a file whose disk is always full.
      await symlink('/dev/full', join(root, 'partial', HASH))
      const blob = await store.partial(HASH, 1000)
      const error = await rejection(blob.append(BYTES))
      expect(error.code).to.equal('STORE_FULL')
      expect(error.retryable).to.equal(true)
      expect(blob.have).to.equal(0)
      await blob.close()
    })
  })

  it('says that a file cannot be written', async () => {
    await withPromised(async (store, root) => {
      await appendFile(join(root, 'partial', 'x'), '')
      await symlink(join(root, 'partial'), join(root, 'partial', HASH))
      expect((await rejection(store.partial(HASH, 1000))).code).to.equal('STORE_CORRUPT')
      // Nobody is left with the lock.
      expect((await rejection(store.partial(HASH, 1000))).code).to.equal('STORE_CORRUPT')
    })
  })
})

const SOME = someBytes(5)
