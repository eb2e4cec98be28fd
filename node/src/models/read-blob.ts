/** Ranges of the blobs of a store. */
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { DuckMeshError } from '@duckmesh/protocols'
import { blobSize } from './shelf.ts'
import { HASH, unknownBlob } from './store-errors.ts'
import type { StorePaths } from './store-paths.ts'

/** Bytes of a blob; undefined when it is not there, and for text that is no hash: it would become a file's name. */
export async function sizeOfBlob(paths: StorePaths, sha256: string): Promise<number | undefined> {
  return HASH.test(sha256) ? blobSize(paths, sha256) : undefined
}

/** Shorter where the blob ends. Rejects with BLOB_UNKNOWN, FIELD_OUT_OF_RANGE. */
export async function readBlob(
  paths: StorePaths,
  sha256: string,
  offset: number,
  length: number,
): Promise<Uint8Array> {
  const inRange = [offset, length].every((n) => Number.isSafeInteger(n) && n >= 0)
  if (!inRange)
    throw new DuckMeshError('FIELD_OUT_OF_RANGE', 'offset and length are bytes, from 0.')
  const size = await sizeOfBlob(paths, sha256)
  if (size === undefined) throw unknownBlob(sha256)
  const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)))
  // It may have been removed a moment ago.
  const file = await open(paths.blob(sha256), 'r').catch(() => undefined)
  if (file === undefined) throw unknownBlob(sha256)
  try {
    return bytes.subarray(0, await readFully(file, bytes, offset))
  } finally {
    await file.close()
  }
}

async function readFully(file: FileHandle, bytes: Uint8Array, offset: number): Promise<number> {
  let done = 0
  while (done < bytes.length) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, offset + done)
    if (bytesRead === 0) break
    done += bytesRead
  }
  return done
}
