/** Changes of a store, one at a time among all processes that use it. */
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { DuckMeshError } from '@duckmesh/protocols'
import type { Clock } from '@duckmesh/protocols'
import { chooseEvictions, occupied } from './choose-evictions.ts'
import type { Blob, Holding } from './choose-evictions.ts'
import { syncFolder } from './durable-file.ts'
import { FileLock } from './file-lock.ts'
import { readQuota } from './quota.ts'
import { readShelf } from './shelf.ts'
import type { Shelf, ShelfEntry } from './shelf.ts'
import type { StorePaths } from './store-paths.ts'
import { sweep } from './sweep.ts'

export interface StoreChangesInit {
  clock: Clock
  /** A model that had to leave for another. */
  onEvict: (cid: string, name: string) => void
}

export class StoreChanges {
  readonly #paths: StorePaths
  readonly #init: StoreChangesInit
  /** Changes of this process queue here; the lock keeps out the others. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(paths: StorePaths, init: StoreChangesInit) {
    this.#paths = paths
    this.#init = init
  }

  /** Runs the work while nobody else changes the store. Rejects with STORE_LOCKED when others do not end. */
  change<T>(work: (shelf: Shelf) => Promise<T>): Promise<T> {
    const done = this.#turn.then(() => this.#changeAlone(work))
    this.#turn = done.catch(() => undefined)
    return done
  }

  /** Within a change: an engine has it open, or somebody is writing its files. */
  inUse({ cid, complete, manifest }: ShelfEntry): boolean {
    if (!FileLock.isFree(this.#paths.modelLock(cid))) return true
    if (complete) return false
    const locks = manifest.files.map(({ sha256 }) => this.#paths.blobLock(sha256))
    return locks.some((path) => existsSync(path) && !FileLock.isFree(path))
  }

  /** Within a change: takes the manifest away first, so that a model which is half gone is gone. */
  async drop({ cid }: ShelfEntry): Promise<void> {
    await rm(this.#paths.manifest(cid), { force: true })
    await syncFolder(this.#paths.folder('manifests'))
    await rm(this.#paths.view(cid), { recursive: true, force: true })
    await rm(this.#paths.pin(cid), { force: true })
  }

  /**
   * Within a change: lets the least recently used models go until the newcomer fits too. Rejects with
   * STORE_QUOTA, and then everything stays.
   * @param quota bytes; that of the store when left out
   */
  async makeRoom(shelf: Shelf, newcomer: readonly Blob[], quota?: number): Promise<void> {
    const { damaged, entries } = shelf
    const quotaBytes = quota ?? (await readQuota(this.#paths))
    const stays = entries.filter((entry) => entry.pinned || this.inUse(entry))
    const evictable = entries.filter((entry) => !stays.includes(entry))
    const fixed = [newcomer, ...stays.map(({ manifest }) => manifest.files)]
    const chosen = chooseEvictions(fixed, evictable.map(holdingOf), quotaBytes)
    if (chosen === undefined) throw tooLarge(occupied(fixed), occupied([newcomer]), quotaBytes)
    const gone = entries.filter(({ cid }) => chosen.includes(cid))
    for (const entry of gone) {
      await this.drop(entry)
      this.#init.onEvict(entry.cid, entry.manifest.name)
    }
    await this.sweep({ damaged, entries: entries.filter((entry) => !gone.includes(entry)) })
  }

  /** Within a change. While a manifest is damaged nobody knows which files it names, so all stay. */
  async sweep({ damaged, entries }: Shelf): Promise<void> {
    if (damaged.length === 0) await sweep(this.#paths, entries)
  }

  async #changeAlone<T>(work: (shelf: Shelf) => Promise<T>): Promise<T> {
    const lock = await FileLock.take(this.#paths.changeLock, 'exclusive', this.#init.clock)
    try {
      return await work(await readShelf(this.#paths))
    } finally {
      lock.release()
    }
  }
}

function holdingOf({ cid, manifest, usedAtMs }: ShelfEntry): Holding {
  return { cid, blobs: manifest.files, usedAtMs }
}

function tooLarge(needed: number, newcomer: number, quotaBytes: number): DuckMeshError {
  const what =
    newcomer === 0
      ? `Pinned models and those in use hold ${needed} bytes, more than ${quotaBytes}.`
      : `The model has ${newcomer} bytes; with the models that are pinned or in use that makes ` +
        `${needed}, and the store may hold ${quotaBytes}.`
  return new DuckMeshError('STORE_QUOTA', what, { details: { needed, newcomer, quotaBytes } })
}
