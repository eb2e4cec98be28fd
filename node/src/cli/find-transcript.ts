/** Finds the record of a job in the stores of this machine, also while the program that ran it goes on. */
import { DatabaseSync } from 'node:sqlite'
import { readdir, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { DuckMeshError } from '@duckmesh/protocols'
import type { JobTranscript } from '@duckmesh/sdk'
import { transcriptOf } from '../client/recorded-transcripts.ts'
import { NETWORKS_FOLDER } from './network-file.ts'

/** File of a client's store, as `DataDir.storeFile` names it. */
const STORE_FILE = 'client.sqlite'
/** Folders below the given one that may hold a store: a network, its processes, and the gateway inside a peer. */
const MAX_DEPTH = 3

/** Where local networks keep their data: in this folder or the nearest above it that has them. */
export async function nearestNetworks(from: string): Promise<string> {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const networks = join(folder, NETWORKS_FOLDER)
    const info = await stat(networks).catch(() => undefined)
    if (info?.isDirectory() === true) return networks
    if (folder === dirname(folder)) return join(resolve(from), NETWORKS_FOLDER)
  }
}

/**
 * The newest job whose id begins with the text; the newest of all when it is empty. Rejects with JOB_UNKNOWN, or
 * CONFIG_INVALID for a text that is no part of a job id.
 */
export async function findTranscript(folder: string, id: string): Promise<JobTranscript> {
  if (!/^(0x[0-9a-f]{0,64})?$/i.test(id)) {
    const what = `"${id}" is no job id: 0x and hex digits, of which the beginning is enough.`
    throw new DuckMeshError('CONFIG_INVALID', what)
  }
  const stores = await storesBelow(folder, MAX_DEPTH)
  const found = stores.flatMap((path) => newestIn(path, id.toLowerCase()))
  const [newest] = found.sort((a, b) => b.endedMs - a.endedMs)
  if (newest !== undefined) return newest
  const which = id === '' ? 'any job' : `a job ${id}`
  throw new DuckMeshError('JOB_UNKNOWN', `No store below ${folder} has ${which}.`)
}

async function storesBelow(folder: string, depth: number): Promise<string[]> {
  const path = join(folder, STORE_FILE)
  const here = (await stat(path).catch(() => undefined))?.isFile() === true ? [path] : []
  if (depth === 0) return here
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  const folders = entries.filter((entry) => entry.isDirectory())
  const below = await Promise.all(
    folders.map(({ name }) => storesBelow(join(folder, name), depth - 1)),
  )
  return [...here, ...below.flat()]
}

/** Empty for a store that is none, or that was made before there were records. */
function newestIn(path: string, prefix: string): JobTranscript[] {
  let db: DatabaseSync | undefined
  try {
    db = new DatabaseSync(path, { readOnly: true })
    const sql = `SELECT body FROM records WHERE kind = 'transcript' AND substr(key, 1, ?) = ?
      ORDER BY at_ms DESC LIMIT 1`
    const rows = db.prepare(sql).all(prefix.length, prefix)
    return rows.map((row) => transcriptOf(row['body'] as Uint8Array))
  } catch {
    return []
  } finally {
    db?.close()
  }
}
