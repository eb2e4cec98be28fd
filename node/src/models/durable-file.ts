/** Files of the model store that are there whole or not at all, also after a loss of power. */
import { randomBytes } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DuckMeshError } from '@duckmesh/protocols'

/** What a draft beside its target is called; whoever has the change lock may remove leftovers. */
export const DRAFT = /\.[0-9a-f]{12}\.tmp$/

/** A name beside the target that nobody else uses. */
export function draftOf(path: string): string {
  return `${path}.${randomBytes(6).toString('hex')}.tmp`
}

/** Writes a draft, syncs it, renames it over the target, syncs the folder. Rejects with STORE_FULL, STORE_CORRUPT. */
export async function writeDurable(path: string, content: string | Uint8Array): Promise<void> {
  const draft = draftOf(path)
  try {
    const file = await open(draft, 'wx', 0o600)
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await moveDurable(draft, path)
  } catch (cause) {
    await rm(draft, { force: true })
    throw writeFailure(path, cause)
  }
}

/** Renames within one file system; the new name is on disk when it resolves. */
export async function moveDurable(from: string, to: string): Promise<void> {
  await rename(from, to)
  await syncFolder(dirname(to))
}

export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** STORE_FULL when the disk is full or the user's share of it used up, STORE_CORRUPT for anything else. */
export function writeFailure(path: string, cause: unknown): DuckMeshError {
  if (cause instanceof DuckMeshError) return cause
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const details = { path, code }
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    const what = `The disk is full: ${path} cannot be written.`
    return new DuckMeshError('STORE_FULL', what, { cause, details })
  }
  const what = `The file ${path} of the model store cannot be written.`
  return new DuckMeshError('STORE_CORRUPT', what, { cause, details })
}
