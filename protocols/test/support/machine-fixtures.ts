/** Facts, frames and helpers for tests of the pure machines; no keys, no streams. */
import { firstChunkHash, nextChunkHash, tokenHash } from '@duckmesh/proto'
import type { Chunk, Receipt } from '@duckmesh/proto'
import type { Terms } from '../../src/dispatch/index.ts'
import { addChunk, buildReceipt } from '../../src/dispatch/progress.ts'
import type { Progress, SegmentFacts } from '../../src/dispatch/progress.ts'

export const NOW = 1_800_000_000_000
export const DEADLINE: number = NOW + 600_000

export const TERMS: Terms = {
  priceIn: 250n,
  priceOut: 1_001n,
  inBucket: 16,
  maxTokens: 160,
  budget: 10_000n,
}

export const FACTS: SegmentFacts = {
  jobId: `0x${'ab'.repeat(32)}`,
  segment: 0,
  payer: `0x${'01'.repeat(20)}`,
  provider: `0x${'02'.repeat(20)}`,
  specHash: `0x${'03'.repeat(32)}`,
  terms: TERMS,
  deadlineMs: DEADLINE,
  fromToken: 0,
  prefixHash: tokenHash([]),
}

/** `count` ids that follow those of `progress`. */
export function nextIds(progress: Progress, count: number): number[] {
  return Array.from({ length: count }, (_, i) => 500 + progress.ids.length + i)
}

/** The right next chunk. */
export function nextChunk(progress: Progress, count: number): Chunk {
  const { jobId, segment } = FACTS
  const ids = nextIds(progress, count)
  const after = addChunk(progress, ids)
  return { jobId, segment, n: after.chunks, ids, textDelta: 'x', h: after.chainHash }
}

/** The receipt that an honest provider makes here. */
export function nextReceipt(progress: Progress, last: boolean, facts = FACTS): Receipt {
  return buildReceipt(facts, progress, 10, last)
}

/** The chain hash of chunks with these ids. */
export function chainOf(...chunks: number[][]): string {
  return chunks.reduce((h, ids) => nextChunkHash(h, ids), firstChunkHash(FACTS.jobId, 0))
}

export interface Row {
  state: string
  event: string
  outcome: string
}

/** Reads a table with a row per line: `state | event | outcome`. */
export function readTable(text: string): Row[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return lines.map((line) => {
    const [state = '', event = '', outcome = ''] = line.split('|').map((cell) => cell.trim())
    return { state, event, outcome }
  })
}
