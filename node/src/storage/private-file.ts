/** Files that hold secrets: mode 0600, replaced in one step, on disk when the promise resolves. */
import { randomBytes } from 'node:crypto'
import { open, readFile, rename, stat, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DuckMeshError } from '@duckmesh/protocols'

/** Permission bits of group and others. */
const OTHERS = 0o077

/** Writes beside the target, syncs, renames over it, syncs the folder: a crash leaves the old or the new file. */
export async function writePrivateFile(path: string, content: string | Uint8Array): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString('hex')}.tmp`
  try {
    const file = await open(draft, 'wx', 0o600)
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(draft, path)
    await syncFolder(dirname(path))
  } catch (cause) {
    await unlink(draft).catch(() => undefined)
    throw new DuckMeshError('CONFIG_INVALID', `The file ${path} cannot be written.`, { cause })
  }
}

/**
 * Content of a secret file, undefined when there is none. Throws KEY_REFUSED when others may read it, since a
 * key that others could read must be taken as known to them.
 */
export async function readPrivateFile(path: string): Promise<Buffer | undefined> {
  try {
    const { mode } = await stat(path)
    // Windows has no such bits: Node reports 0666 for every file there.
    if (process.platform !== 'win32' && (mode & OTHERS) !== 0) throw exposed(path, mode)
    return await readFile(path)
  } catch (cause) {
    if (cause instanceof DuckMeshError) throw cause
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
    throw new DuckMeshError('CONFIG_INVALID', `The file ${path} cannot be read.`, { cause })
  }
}

function exposed(path: string, mode: number): DuckMeshError {
  const shown = (mode & 0o777).toString(8).padStart(4, '0')
  return new DuckMeshError(
    'KEY_REFUSED',
    `Others may read ${path} (mode ${shown}); run \`chmod 600\` on it, or make a new key.`,
    { details: { path, mode: shown } },
  )
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
