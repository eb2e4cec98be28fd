/** Removes what no manifest of a store names: left by whoever was stopped in the middle. */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DRAFT } from './durable-file.ts'
import { FileLock } from './file-lock.ts'
import type { ShelfEntry } from './shelf.ts'
import type { StorePaths } from './store-paths.ts'

/**
 * The caller has the change lock. Uses are counted by looking at all manifests: a number on disk could be
 * wrong after a crash, the manifests cannot.
 */
export async function sweep(paths: StorePaths, entries: readonly ShelfEntry[]): Promise<void> {
  const cids = new Set(entries.map(({ cid }) => cid))
  const hashes = new Set(entries.flatMap(({ manifest }) => manifest.files.map((f) => f.sha256)))
  await removeWhere(paths.folder('manifests'), (name) => DRAFT.test(name))
  await removeWhere(paths.folder('pins'), (name) => !cids.has(name))
  await removeWhere(paths.folder('views'), (name) => !keepsView(paths, cids, name))
  await removeWhere(paths.folder('partial'), (name) => !hashes.has(name) && isIdle(paths, name))
  for (const prefix of await readdir(paths.folder('blobs'))) {
    await removeWhere(join(paths.folder('blobs'), prefix), (name) => !hashes.has(name))
  }
  await removeWhere(paths.folder('locks'), (name) => isStale(name, cids, hashes, paths))
}

async function removeWhere(folder: string, unwanted: (name: string) => boolean): Promise<void> {
  for (const name of await readdir(folder)) {
    if (unwanted(name)) await rm(join(folder, name), { recursive: true, force: true })
  }
}

/** A draft is somebody's work as long as the model is open, for it is made by whoever opens it. */
function keepsView(paths: StorePaths, cids: ReadonlySet<string>, name: string): boolean {
  const cid = name.replace(DRAFT, '')
  if (!cids.has(cid)) return false
  return cid === name || !FileLock.isFree(paths.modelLock(cid))
}

function isIdle(paths: StorePaths, sha256: string): boolean {
  return FileLock.isFree(paths.blobLock(sha256))
}

/** Nobody takes a lock without the change lock, so one that is free here can be removed. */
function isStale(
  name: string,
  cids: ReadonlySet<string>,
  hashes: ReadonlySet<string>,
  paths: StorePaths,
): boolean {
  const [, kind, id = ''] = /^(model|blob)-(.+)$/.exec(name) ?? []
  if (kind === 'model') return !cids.has(id)
  if (kind === 'blob') return !hashes.has(id) && FileLock.isFree(join(paths.folder('locks'), name))
  return false
}
