/** A manifest as it comes in, from a peer or a file. */
import { DuckMeshError } from '@duckmesh/protocols'
import type { LoadedManifest } from '../engine/index.ts'
import { identifyManifest, parseManifest } from '../engine/model/manifest.ts'

/** Largest manifest, bytes; as the engine reads them. */
const MAX_MANIFEST_BYTES = 1024 * 1024

/** Throws MODEL_MANIFEST_INVALID, of the registry or of the engine. */
export function decodeManifest(bytes: Uint8Array): LoadedManifest {
  let json: unknown
  try {
    if (bytes.length > MAX_MANIFEST_BYTES) throw new RangeError('it is too large')
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new DuckMeshError('MODEL_MANIFEST_INVALID', 'The manifest is not JSON.', { cause })
  }
  return identifyManifest(parseManifest(json))
}
