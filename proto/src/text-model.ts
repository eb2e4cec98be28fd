/** Ids of models that are known by name alone, because their weights are not: their tokens are their text. */
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, hexToBytes } from './hex.ts'
import type { Hex } from './types.ts'

const encoder = new TextEncoder()

/** Hashed before the name, so that no manifest gives the same digest. */
const DOMAIN = 'duckmesh/1/text-model\n'

/** Bytes of the digest that stay; they come first, because the first bits choose the shard. */
const DIGEST_BYTES = 20

/** The last 12 bytes of every such id: whoever sees the id knows how its tokens count (docs/spec/text-models.md). */
const SUFFIX: Uint8Array = encoder.encode('utf8x4.text1')

/** The id of a text model: the same at every provider that serves the name (rule T-1). */
export function textModelId(name: string): Hex {
  const id = new Uint8Array(32)
  id.set(sha256(encoder.encode(DOMAIN + name)).subarray(0, DIGEST_BYTES))
  id.set(SUFFIX, DIGEST_BYTES)
  return bytesToHex(id)
}

/** Whether the tokens of this model are pieces of its text. Throws ProtoError when it is no 32-byte id. */
export function isTextModel(modelId: Hex): boolean {
  const tail = hexToBytes(modelId, 32, 'modelId').subarray(DIGEST_BYTES)
  return tail.every((byte, i) => byte === SUFFIX[i])
}
