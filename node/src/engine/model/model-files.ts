import { createHash } from 'node:crypto'
import { lstat, readFile } from 'node:fs/promises'
import path from 'node:path'
import { EngineError } from '../errors.ts'
import type { ManifestFile } from './manifest.ts'

/** Bytes of a model's files by path. */
export type ModelFiles = ReadonlyMap<string, Uint8Array>

/**
 * Reads every file of a manifest and checks size and sha256 before anything is parsed. What is
 * returned are the checked bytes: the disk is not read a second time.
 * Throws MODEL_CORRUPT naming the file and what to do.
 */
export async function readModelFiles(
  folder: string,
  files: readonly ManifestFile[],
): Promise<ModelFiles> {
  const contents = new Map<string, Uint8Array>()
  for (const file of files) contents.set(file.path, await readChecked(folder, file))
  return contents
}

/** Hex sha256 of bytes. */
export function sha256Hex(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

async function readChecked(folder: string, file: ManifestFile): Promise<Uint8Array> {
  const bytes = await readRegularFile(folder, file)
  if (sha256Hex(bytes) !== file.sha256) throw corrupt(folder, file.path, 'its hash is wrong')
  return bytes
}

async function readRegularFile(folder: string, file: ManifestFile): Promise<Uint8Array> {
  const name = path.join(folder, file.path)
  try {
    const status = await lstat(name)
    if (!status.isFile()) throw corrupt(folder, file.path, 'it is not a plain file')
    if (status.size !== file.size) throw corrupt(folder, file.path, 'its size is wrong')
    return await readFile(name)
  } catch (cause) {
    if (cause instanceof EngineError) throw cause
    throw corrupt(folder, file.path, 'it cannot be read', cause)
  }
}

function corrupt(folder: string, file: string, reason: string, cause?: unknown): EngineError {
  const message =
    `The model file ${file} in ${folder} is corrupt: ${reason}. ` +
    'Delete that folder so that it is packed again; if the source itself is damaged, clone it again.'
  return new EngineError('MODEL_CORRUPT', message, { file, folder, reason }, cause)
}
