import { DuckMeshError } from '@duckmesh/protocols'
import { LevelDatastore } from 'datastore-level'

/**
 * libp2p's own store (peers, DHT records) in a folder. Rejects with STORE_LOCKED when another process uses it,
 * STORE_CORRUPT when it cannot be opened. Nothing of value is in it: unlike the job store it may be deleted.
 */
export async function openPeerDatastore(path: string): Promise<LevelDatastore> {
  const datastore = new LevelDatastore(path)
  try {
    await datastore.open()
    return datastore
  } catch {
    // The datastore keeps only the outer message; the database itself says why.
    const cause: unknown = await datastore.db.open().catch((error: unknown) => error)
    const locked = codesOf(cause).includes('LEVEL_LOCKED')
    const what = locked
      ? `The peer store ${path} is in use.`
      : `The peer store ${path} cannot be opened; it may be deleted.`
    const options = { cause, details: { path } }
    throw new DuckMeshError(locked ? 'STORE_LOCKED' : 'STORE_CORRUPT', what, options)
  }
}

/** Codes of an error and its causes. */
function codesOf(error: unknown): unknown[] {
  if (!(error instanceof Error)) return []
  return ['code' in error ? error.code : undefined, ...codesOf(error.cause)]
}
