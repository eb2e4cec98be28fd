/** Models on this machine, by the hashes of their files (docs/models.md). */
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DuckMeshError } from '@duckmesh/protocols'
import type { Clock, Hex } from '@duckmesh/protocols'
import { systemClock } from '@duckmesh/sdk'
import type { LoadedManifest } from '../engine/index.ts'
import { encodeManifest, loadManifest } from '../engine/model/manifest.ts'
import { sha256Hex } from '../engine/model/model-files.ts'
import { occupied } from './choose-evictions.ts'
import { copyBlob } from './copy-blob.ts'
import { decodeManifest } from './decode-manifest.ts'
import { DiskPartial, hashFile, wholeBlob } from './disk-partial.ts'
import { moveDurable, syncFolder, writeDurable } from './durable-file.ts'
import { withStoreFailures } from './engine-failure.ts'
import { FileLock } from './file-lock.ts'
import { findEntry, findWhole } from './find-entry.ts'
import { ensureView, hardLink, isViewRight } from './folder-view.ts'
import type { LinkFile } from './folder-view.ts'
import type {
  BlockReader,
  BlockWriter,
  OpenModel,
  PartialBlob,
  StoredModel,
  StoreUsage,
  UnfinishedModel,
} from './interface.ts'
import { cidOfModel } from './model-cid.ts'
import { readQuota, writeQuota } from './quota.ts'
import { readBlob, sizeOfBlob } from './read-blob.ts'
import { blobSize, readShelf } from './shelf.ts'
import type { ShelfEntry } from './shelf.ts'
import { sourceFile } from './source-file.ts'
import { damagedFiles, inUse, unknownBlob } from './store-errors.ts'
import { StoreChanges } from './store-changes.ts'
import { StorePaths } from './store-paths.ts'

export interface ModelStoreInit {
  /** The machine's when left out. */
  clock?: Clock
  /** Told of each model that had to leave so that another fits. */
  onEvict?: (cid: string, name: string) => void
  /** Replaced by tests. */
  linkFile?: LinkFile
}

/**
 * A store in a folder. Any number of processes may use it at once. Its state is the files themselves, so a
 * process that is killed leaves nothing that must be repaired (docs/models.md, rules B-1 to B-9).
 */
export class ModelStore implements BlockReader, BlockWriter {
  readonly #paths: StorePaths
  readonly #changes: StoreChanges
  readonly #clock: Clock
  readonly #linkFile: LinkFile

  private constructor(paths: StorePaths, init: ModelStoreInit) {
    const { clock = systemClock, linkFile = hardLink, onEvict = (): void => undefined } = init
    this.#paths = paths
    this.#clock = clock
    this.#linkFile = linkFile
    this.#changes = new StoreChanges(paths, { clock, onEvict })
  }

  /** Makes the folder when it is missing. Rejects with CONFIG_INVALID, VERSION_UNSUPPORTED. */
  static async at(folder: string, init: ModelStoreInit = {}): Promise<ModelStore> {
    return new ModelStore(await StorePaths.make(folder), init)
  }

  /** Where models are built that are about to be added; see `addModel`. */
  get paths(): StorePaths {
    return this.#paths
  }

  async manifest(modelId: Hex): Promise<Uint8Array | undefined> {
    const path = this.#paths.manifest(cidOfModel(modelId) ?? '')
    const bytes = await readFile(path).catch(() => undefined)
    const isRight = bytes !== undefined && `0x${sha256Hex(bytes)}` === modelId.toLowerCase()
    return isRight ? new Uint8Array(bytes) : undefined
  }

  size(sha256: string): Promise<number | undefined> {
    return sizeOfBlob(this.#paths, sha256)
  }

  read(sha256: string, offset: number, length: number): Promise<Uint8Array> {
    return readBlob(this.#paths, sha256, offset, length)
  }

  async list(): Promise<StoredModel[]> {
    const { entries } = await readShelf(this.#paths)
    return entries.filter((entry) => entry.complete).map(storedModel)
  }

  /** Models on their way in, and those of which files were lost. */
  async unfinished(): Promise<UnfinishedModel[]> {
    const { entries } = await readShelf(this.#paths)
    return entries
      .filter((entry) => !entry.complete)
      .map((entry) => ({ ...storedModel(entry), have: entry.have }))
  }

  async usage(): Promise<StoreUsage> {
    const { entries } = await readShelf(this.#paths)
    const bytes = occupied(entries.map(({ manifest }) => manifest.files))
    return { bytes, quotaBytes: await readQuota(this.#paths) }
  }

  /** For all processes that use this store. Models that do not fit any more leave; STORE_QUOTA as `putManifest`. */
  async setQuota(quotaBytes: number): Promise<void> {
    if (!Number.isSafeInteger(quotaBytes) || quotaBytes < 1) {
      throw new DuckMeshError('CONFIG_INVALID', 'A quota is a positive whole number of bytes.')
    }
    await this.#changes.change(async (shelf) => {
      await this.#changes.makeRoom(shelf, [], quotaBytes)
      await writeQuota(this.#paths, quotaBytes)
    })
  }

  /** The model of that name, CID or id, whole or not. Rejects with MODEL_NOT_STORED. */
  async find(text: string): Promise<StoredModel> {
    return storedModel(findEntry(text, (await readShelf(this.#paths)).entries))
  }

  async putManifest(bytes: Uint8Array): Promise<LoadedManifest> {
    const loaded = await withStoreFailures(() => decodeManifest(bytes))
    await this.#changes.change(async (shelf) => {
      if (!shelf.entries.some(({ cid }) => cid === loaded.cid)) {
        await this.#changes.makeRoom(shelf, loaded.manifest.files)
        await writeDurable(this.#paths.manifest(loaded.cid), encodeManifest(loaded.manifest))
      }
      await this.#touch(loaded.cid)
    })
    return loaded
  }

  async partial(sha256: string, size: number): Promise<PartialBlob> {
    const blob = { sha256, size }
    const lock = await this.#changes.change(async ({ entries }) => {
      if (!isNamed(entries, sha256, size)) throw unknownBlob(sha256)
      if ((await blobSize(this.#paths, sha256)) === size) return undefined
      const taken = FileLock.tryTake(this.#paths.blobLock(sha256), 'exclusive')
      if (taken !== undefined) return taken
      const what = `The model file ${sha256} is being written by somebody else.`
      throw new DuckMeshError('STORE_LOCKED', what, { details: { sha256 } })
    })
    if (lock === undefined) return wholeBlob(blob)
    const path = this.#paths.partial(sha256)
    const release = (): void => {
      lock.release()
    }
    try {
      return await DiskPartial.open({
        ...blob,
        path,
        release,
        admit: () => this.#admit(sha256, size),
      })
    } catch (error) {
      release()
      throw error
    }
  }

  /**
   * Takes in the files of a folder as its manifest lists them, or as the given one does. When it fails, the
   * store is as before. Rejects with MODEL_MANIFEST_INVALID, MODEL_SOURCE_REFUSED, MODEL_CORRUPT, STORE_QUOTA,
   * STORE_FULL, STORE_LOCKED.
   */
  async add(folder: string, given?: LoadedManifest): Promise<LoadedManifest> {
    const wanted = given ?? (await withStoreFailures(() => loadManifest(folder)))
    const sources: string[] = []
    for (const file of wanted.manifest.files) sources.push(await sourceFile(folder, file))
    const isNew = (await this.manifest(wanted.modelId)) === undefined
    await this.putManifest(new TextEncoder().encode(encodeManifest(wanted.manifest)))
    const release = await this.hold(wanted.modelId)
    try {
      for (const [i, file] of wanted.manifest.files.entries()) {
        await copyBlob(this, file, sources[i] ?? '')
      }
      release()
    } catch (error) {
      release()
      if (isNew) await this.remove(wanted.modelId).catch(() => undefined)
      throw error
    }
    return wanted
  }

  /** Files that another model has too stay. Rejects with MODEL_NOT_STORED, MODEL_IN_USE. */
  async remove(modelId: Hex): Promise<void> {
    await this.#changes.change(async ({ damaged, entries }) => {
      const entry = findEntry(modelId, entries)
      if (this.#changes.inUse(entry)) throw inUse(entry)
      await this.#changes.drop(entry)
      await this.#changes.sweep({ damaged, entries: entries.filter((other) => other !== entry) })
    })
  }

  /** A pinned model never leaves to make room. Rejects with MODEL_NOT_STORED. */
  pin(modelId: Hex): Promise<void> {
    return this.#changes.change(async ({ entries }) => {
      await writeFile(this.#paths.pin(findEntry(modelId, entries).cid), '')
      await syncFolder(this.#paths.folder('pins'))
    })
  }

  unpin(modelId: Hex): Promise<void> {
    return this.#changes.change(async ({ entries }) => {
      await rm(this.#paths.pin(findEntry(modelId, entries).cid), { force: true })
    })
  }

  /**
   * Hashes every file again. One that is wrong is removed, so that it can be added or fetched anew. Rejects
   * with MODEL_NOT_STORED, MODEL_CORRUPT.
   */
  async verify(modelId: Hex): Promise<void> {
    const { entry, release } = await this.#hold(modelId, findEntry)
    try {
      const wrong: string[] = []
      for (const { path, sha256 } of entry.manifest.files) {
        const isThere = (await blobSize(this.#paths, sha256)) !== undefined
        if (!isThere || (await hashFile(this.#paths.blob(sha256))) === sha256) continue
        wrong.push(path)
        await this.#changes.change(() => rm(this.#paths.blob(sha256), { force: true }))
      }
      // It is made again when the model is opened next.
      if (wrong.length > 0 || !(await isViewRight(this.#paths, entry))) {
        await rm(this.#paths.view(entry.cid), { recursive: true, force: true })
      }
      if (wrong.length > 0) throw damagedFiles(entry, wrong)
      findWhole(modelId, [entry])
    } finally {
      release()
    }
  }

  /** Removes manifests that are none any more, and what only they named; gives their paths. */
  repair(): Promise<string[]> {
    return this.#changes.change(async ({ damaged, entries }) => {
      for (const path of damaged) await rm(path, { force: true })
      await this.#changes.sweep({ damaged: [], entries })
      return damaged
    })
  }

  /**
   * The model as a folder, until it is released; meanwhile no process removes it. Its time of use is now.
   * Rejects with MODEL_NOT_STORED.
   */
  async open(modelId: Hex): Promise<OpenModel> {
    const { entry, release } = await this.#hold(modelId, findWhole)
    try {
      await this.#touch(entry.cid)
      return { folder: await ensureView(this.#paths, entry, this.#linkFile), release }
    } catch (error) {
      release()
      throw error
    }
  }

  /** Keeps everybody from removing the model, whole or not, until what it gives is called. MODEL_NOT_STORED. */
  async hold(modelId: Hex): Promise<() => void> {
    return (await this.#hold(modelId, findEntry)).release
  }

  #hold(modelId: Hex, find: typeof findEntry): Promise<{ entry: ShelfEntry; release: () => void }> {
    return this.#changes.change(({ entries }) => {
      const entry = find(modelId, entries)
      // Whoever takes it alone does so within a change, so it is free for sharing here.
      const lock = FileLock.tryTake(this.#paths.modelLock(entry.cid), 'shared')
      if (lock === undefined) throw inUse(entry)
      const release = (): void => {
        lock.release()
      }
      return Promise.resolve({ entry, release })
    })
  }

  async #admit(sha256: string, size: number): Promise<void> {
    const target = this.#paths.blob(sha256)
    await this.#changes.change(async ({ entries }) => {
      if (!isNamed(entries, sha256, size)) throw unknownBlob(sha256)
      if (!existsSync(dirname(target))) {
        await mkdir(dirname(target), { mode: 0o700 })
        await syncFolder(this.#paths.folder('blobs'))
      }
      await moveDurable(this.#paths.partial(sha256), target)
      await rm(this.#paths.blobLock(sha256), { force: true })
    })
  }

  /** The time of use is that of the manifest's file. */
  async #touch(cid: string): Promise<void> {
    const seconds = this.#clock.now() / 1000
    await utimes(this.#paths.manifest(cid), seconds, seconds)
  }
}

function storedModel({ bytes, cid, manifest, modelId, pinned, usedAtMs }: ShelfEntry): StoredModel {
  return { modelId, cid, name: manifest.name, bytes, pinned, usedAtMs }
}

function isNamed(entries: readonly ShelfEntry[], sha256: string, size: number): boolean {
  const files = entries.flatMap(({ manifest }) => manifest.files)
  return files.some((file) => file.sha256 === sha256 && file.size === size)
}
