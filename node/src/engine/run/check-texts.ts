/** Checks the texts of an embedding or classification request. */
import { EngineError } from '../errors.ts'
import type { TextTokenizer } from '../text/text-tokenizer.ts'

/** Texts of one request. */
export const MAX_TEXTS = 256

/**
 * Tokenises texts; each is measured before, so an oversized one costs nothing.
 * Throws REQUEST_INVALID, PROMPT_EMPTY, PROMPT_TOO_LONG.
 */
export function encodeTexts(
  texts: readonly string[],
  tokenizer: Pick<TextTokenizer, 'encode' | 'longestToken'>,
  contextLength: number,
): number[][] {
  if (texts.length === 0 || texts.length > MAX_TEXTS) {
    const message = `Send 1 to ${MAX_TEXTS} texts in one request.`
    throw new EngineError('REQUEST_INVALID', message, { field: 'texts' })
  }
  return texts.map((text) => {
    const atLeast = Math.ceil(text.length / tokenizer.longestToken)
    const ids = atLeast > contextLength ? [] : tokenizer.encode(text)
    const tokens = Math.max(atLeast, ids.length)
    if (tokens === 0) throw new EngineError('PROMPT_EMPTY', 'A text is empty. Leave it out.')
    if (tokens <= contextLength) return ids
    const message = `A text has at least ${tokens} tokens; the model takes ${contextLength}. Cut it.`
    throw new EngineError('PROMPT_TOO_LONG', message, { tokens, limit: contextLength })
  })
}
