/** A model of the store as the folder that the engine loads. */
import { constants } from 'node:fs'
import { copyFile, link, lstat, mkdir, open, readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { encodeManifest, MANIFEST_FILE } from '../engine/model/manifest.ts'
import type { LoadedManifest } from '../engine/index.ts'
import { placeFolder } from '../engine/pack/place-folder.ts'
import { hashFile } from './disk-partial.ts'
import { draftOf, writeDurable, writeFailure } from './durable-file.ts'
import type { StorePaths } from './store-paths.ts'

/** Makes `target` the same file as `source`; replaced by tests of file systems without hard links. */
export type LinkFile = (source: string, target: string) => Promise<void>

/** Hard link: symbolic links would be refused by the engine, which reads plain files only. */
export const hardLink: LinkFile = link

/** The folder of a model whose blobs are whole, made when it is missing. Rejects with STORE_FULL, STORE_CORRUPT. */
export async function ensureView(
  paths: StorePaths,
  loaded: LoadedManifest,
  linkFile: LinkFile,
): Promise<string> {
  const folder = paths.view(loaded.cid)
  if (await isWhole(folder, loaded)) return folder
  const draft = draftOf(folder)
  try {
    await fill(draft, paths, loaded, linkFile)
    await placeFolder(draft, folder, () => isWhole(folder, loaded))
    return folder
  } catch (cause) {
    throw writeFailure(folder, cause)
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}

/** True when each of its files is the blob itself or a copy with the same hash, and so is the manifest. */
export async function isViewRight(paths: StorePaths, loaded: LoadedManifest): Promise<boolean> {
  const folder = paths.view(loaded.cid)
  if (!(await isWhole(folder, loaded))) return false
  for (const { path, sha256 } of loaded.manifest.files) {
    const seen = await lstat(join(folder, path))
    const blob = await lstat(paths.blob(sha256)).catch(() => undefined)
    const isSame = seen.ino === blob?.ino && seen.dev === blob.dev
    if (!isSame && (await hashFile(join(folder, path))) !== sha256) return false
  }
  const text = await readFile(join(folder, MANIFEST_FILE), 'utf8')
  return text === encodeManifest(loaded.manifest)
}

async function fill(
  draft: string,
  paths: StorePaths,
  { manifest }: LoadedManifest,
  linkFile: LinkFile,
): Promise<void> {
  await mkdir(draft, { recursive: true })
  for (const { path, sha256 } of manifest.files) {
    const target = join(draft, path)
    await mkdir(dirname(target), { recursive: true })
    // A file system without links, or a blob with as many links as it may have.
    await linkFile(paths.blob(sha256), target).catch(() => copy(paths.blob(sha256), target))
  }
  await writeDurable(join(draft, MANIFEST_FILE), encodeManifest(manifest))
}

/** On disk before the folder gets its name: a loss of power leaves no file of the right size without its content. */
async function copy(source: string, target: string): Promise<void> {
  await copyFile(source, target, constants.COPYFILE_FICLONE)
  const file = await open(target, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Sizes only: the engine checks every hash when it loads. */
async function isWhole(folder: string, { manifest }: LoadedManifest): Promise<boolean> {
  const own = { path: MANIFEST_FILE, size: Buffer.byteLength(encodeManifest(manifest)) }
  for (const { path, size } of [...manifest.files, own]) {
    const info = await lstat(join(folder, path)).catch(() => undefined)
    if (info?.isFile() !== true || info.size !== size) return false
  }
  return true
}
