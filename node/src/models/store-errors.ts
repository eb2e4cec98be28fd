/** What the store says when it cannot do what it was asked. */
import { DuckMeshError } from '@duckmesh/protocols'
import type { ShelfEntry } from './shelf.ts'

/** Lower-case hex of a sha-256. */
export const HASH: RegExp = /^[0-9a-f]{64}$/

export function inUse({ cid, manifest }: ShelfEntry): DuckMeshError {
  const what = `${manifest.name} (${cid}) is in use.`
  return new DuckMeshError('MODEL_IN_USE', what, { details: { cid } })
}

export function damagedFiles(
  { cid, manifest }: ShelfEntry,
  files: readonly string[],
): DuckMeshError {
  const what = `${files.join(', ')} of ${manifest.name} had another hash and was removed.`
  return new DuckMeshError('MODEL_CORRUPT', what, { details: { cid, files } })
}

/** The hash may come from another peer: only one that is a hash is shown. */
export function unknownBlob(sha256: string): DuckMeshError {
  if (!HASH.test(sha256)) return new DuckMeshError('BLOB_UNKNOWN', 'The name is no sha-256.')
  const what = `No model of this store has a file ${sha256} of that size here.`
  return new DuckMeshError('BLOB_UNKNOWN', what, { details: { sha256 } })
}
