/** What the engine benchmark asks: answers that do not end by themselves, so that all sides draw alike. */
import type { GenerationRequest } from '@duckmesh/node'
import { GREEDY } from '../workload.ts'

/** Tokens of one answer. */
export const ANSWER_TOKENS = 64

/** Duckling's end token, which is made impossible. */
export const END_TOKEN = 1

/** Prompts of different lengths: rows of a batch are ragged. */
const PROMPTS = [
  'Tell me a story about a brave duck who lives near the old mill.',
  'What is the capital of Norway?',
  'Spell the word garden.',
  'Tell me a story about a lost shoe and a friend.',
]

/** The request of stream i, greedy. */
export function streamRequest(
  i: number,
  changes: Partial<GenerationRequest> = {},
): GenerationRequest {
  return {
    messages: [{ role: 'user', content: PROMPTS[i % PROMPTS.length] ?? '' }],
    prefixIds: [],
    maxTokens: ANSWER_TOKENS,
    stop: [],
    sampler: { ...GREEDY, logitBias: new Map([[END_TOKEN, -1000]]) },
    ...changes,
  }
}
