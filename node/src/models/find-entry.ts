/** Which model of the store somebody means. */
import { DuckMeshError } from '@duckmesh/protocols'
import { cidOfModel, normalCid } from './model-cid.ts'
import type { ShelfEntry } from './shelf.ts'

/** By name, CID or id. Throws MODEL_NOT_STORED, also when several models carry the name. */
export function findEntry(text: string, entries: readonly ShelfEntry[]): ShelfEntry {
  const cid = cidOfModel(text) ?? normalCid(text)
  const found = entries.filter((entry) =>
    cid === undefined ? entry.manifest.name === text : entry.cid === cid,
  )
  const [first] = found
  if (first !== undefined && found.length === 1) return first
  const names = entries.map(({ manifest }) => manifest.name)
  const what =
    first === undefined
      ? `There is no model "${text}" in the store; there are: ${names.join(', ') || 'none'}.`
      : `${found.length} models are called "${text}": ${found.map((each) => each.cid).join(', ')}.`
  throw new DuckMeshError('MODEL_NOT_STORED', what, { details: { names } })
}

/** The same, for a use that needs all of its files. Throws MODEL_NOT_STORED. */
export function findWhole(text: string, entries: readonly ShelfEntry[]): ShelfEntry {
  const entry = findEntry(text, entries)
  if (entry.complete) return entry
  const { bytes, cid, have, manifest } = entry
  const what = `Only ${have} of ${bytes} bytes of ${manifest.name} (${cid}) are in the store.`
  throw new DuckMeshError('MODEL_NOT_STORED', what, { details: { cid, have, bytes } })
}
