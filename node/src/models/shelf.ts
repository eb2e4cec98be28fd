/** The manifests of a store: what is meant to be there, and how much of it is. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { identifyManifest, parseManifest } from '../engine/model/manifest.ts'
import type { LoadedManifest } from '../engine/index.ts'
import { DRAFT } from './durable-file.ts'
import type { StorePaths } from './store-paths.ts'

/** Manifests of models that are whole, and of those still being fetched. */
export interface ShelfEntry extends LoadedManifest {
  /** Bytes of its files together. */
  readonly bytes: number
  /** Bytes of those that are whole in the store. */
  readonly have: number
  readonly complete: boolean
  readonly pinned: boolean
  readonly usedAtMs: number
}

/** All entries in the order of their names; `damaged` are files that are no manifest of that CID. */
export interface Shelf {
  readonly entries: ShelfEntry[]
  readonly damaged: string[]
}

/** There is no index beside the files that could disagree with them. */
export async function readShelf(paths: StorePaths): Promise<Shelf> {
  const entries: ShelfEntry[] = []
  const damaged: string[] = []
  const names = await readdir(paths.folder('manifests'))
  for (const name of names.filter((each) => !DRAFT.test(each))) {
    const loaded = await readEntry(paths, name)
    if (loaded === 'gone') continue
    if (loaded === undefined) damaged.push(join(paths.folder('manifests'), name))
    else entries.push(loaded)
  }
  entries.sort((a, b) => order(a.manifest.name, b.manifest.name) || order(a.cid, b.cid))
  return { entries, damaged }
}

/** The bytes of a blob, undefined when it is not whole in the store. */
export async function blobSize(paths: StorePaths, sha256: string): Promise<number | undefined> {
  const info = await stat(paths.blob(sha256)).catch(() => undefined)
  return info?.isFile() === true ? info.size : undefined
}

async function readEntry(
  paths: StorePaths,
  name: string,
): Promise<ShelfEntry | 'gone' | undefined> {
  const file = join(paths.folder('manifests'), name)
  // It may have been removed since the folder was read.
  const info = await stat(file).catch(() => undefined)
  const text = await readFile(file, 'utf8').catch(() => undefined)
  if (info === undefined || text === undefined) return 'gone'
  const loaded = identify(text)
  if (loaded === undefined || name !== `${loaded.cid}.json`) return undefined
  const { files } = loaded.manifest
  const sizes = await Promise.all(files.map(({ sha256 }) => blobSize(paths, sha256)))
  const whole = files.filter(({ size }, i) => sizes[i] === size)
  const pinned = (await stat(paths.pin(loaded.cid)).catch(() => undefined)) !== undefined
  return {
    ...loaded,
    bytes: sum(files),
    have: sum(whole),
    complete: whole.length === files.length,
    pinned,
    usedAtMs: Math.round(info.mtimeMs),
  }
}

function identify(text: string): LoadedManifest | undefined {
  try {
    return identifyManifest(parseManifest(JSON.parse(text)))
  } catch {
    return undefined
  }
}

function sum(files: readonly { readonly size: number }[]): number {
  return files.reduce((total, { size }) => total + size, 0)
}

function order(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
