/** How much text one token can stand for. */
import type { HfTokenizer } from './hf-tokenizer.ts'

/** Length of the longest token of a vocabulary in UTF-16 units, at least 1. */
export function longestTokenOf(tokenizer: HfTokenizer): number {
  let longest = 1
  for (const token of tokenizer.get_vocab(true).keys()) longest = Math.max(longest, token.length)
  return longest
}
