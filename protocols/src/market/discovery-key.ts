/** Where providers announce themselves in the DHT (rule K-30). */
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { sha256 } from 'multiformats/hashes/sha2'
import type { Hex } from '@duckmesh/proto'

/**
 * Content id under which the providers of a model, or of the whole network when no model is given, are
 * found. Records of one key are bounded by the DHT; a crowded network buckets them by model id.
 */
export async function discoveryKey(network: string, modelId?: Hex): Promise<CID> {
  const name = `duckmesh/${network}/providers/${modelId ?? 'any'}`
  return CID.createV1(raw.code, await sha256.digest(new TextEncoder().encode(name)))
}
