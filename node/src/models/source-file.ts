/** Files of a folder that somebody adds to the store: plain ones inside of it, and no others. */
import { createReadStream } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckMeshError } from '@duckmesh/protocols'
import type { ManifestFile } from '../engine/model/manifest.ts'
import { CHUNK_BYTES } from './constants.ts'

/**
 * The path of a file that may be taken in. A symbolic link, or a file behind one, is refused: it could lead
 * to a private file, which would then be offered to every peer. Rejects with MODEL_SOURCE_REFUSED, MODEL_CORRUPT.
 */
export async function sourceFile(folder: string, file: ManifestFile): Promise<string> {
  const wanted = join(await realOf(folder, ''), file.path)
  const found = await realOf(folder, file.path)
  if (found !== wanted) {
    const how =
      'it is a symbolic link or lies behind one; copy the folder with its files (`cp -rL`)'
    throw refused(folder, file.path, how)
  }
  const info = await stat(found)
  if (!info.isFile()) throw refused(folder, file.path, 'it is not a plain file')
  if (info.size === file.size) return found
  const what = `${file.path} in ${folder} has ${info.size} bytes, the manifest says ${file.size}.`
  throw new DuckMeshError('MODEL_CORRUPT', what, { details: { folder, file: file.path } })
}

/** The bytes from `start` on, piece by piece. Rejects with MODEL_SOURCE_REFUSED. */
export async function* readFrom(path: string, start: number): AsyncGenerator<Uint8Array, void> {
  try {
    for await (const chunk of createReadStream(path, { start, highWaterMark: CHUNK_BYTES })) {
      yield chunk as Uint8Array
    }
  } catch (cause) {
    throw refused(path, '', 'it cannot be read', cause)
  }
}

async function realOf(folder: string, file: string): Promise<string> {
  try {
    return await realpath(join(folder, file))
  } catch (cause) {
    throw refused(folder, file, 'it is not there or cannot be read', cause)
  }
}

function refused(folder: string, file: string, reason: string, cause?: unknown): DuckMeshError {
  const what = `${file === '' ? folder : `${file} in ${folder}`} is not taken in: ${reason}.`
  return new DuckMeshError('MODEL_SOURCE_REFUSED', what, { cause, details: { folder, file } })
}
