import { hexToBytes } from './hex.ts'
import type { Hex } from './types.ts'

/** Number of shards in version 1: topics and elections are split by the first 4 bits of the model id. */
export const SHARDS = 16

/** Shard of a model, 0 to 15. */
export function shardOf(modelId: Hex): number {
  return (hexToBytes(modelId, 32, 'modelId')[0] ?? 0) >> 4
}
