/** What the benchmark asks: the same for every side, greedy, so that each computes the same tokens. */
import type { SamplerParams } from '@duckmesh/node'

export const PROMPT = 'Tell me a story about a brave duck.'
export const MAX_TOKENS = 64

export const GREEDY: SamplerParams = {
  temperature: 0,
  topP: 1,
  topK: 0,
  minP: 0,
  repetitionPenalty: 1,
  logitBias: new Map(),
  seed: new Uint8Array(32),
}
