/** What a client counts by itself when a model's tokens are its text (docs/spec/text-models.md). Pure. */
import { TEXT_TOKEN_BYTES, firstCharBytes, textOfToken, tokenBytes } from '@duckmesh/proto'
import type { ChatMessage, Chunk } from '@duckmesh/proto'

/** Bytes that a chat template is counted with for each message; the bucket of a prompt counts them too (ADR 8). */
const TEMPLATE_BYTES = 8

/** Tokens of a prompt: its UTF-8 bytes in fours, rounded up, and the tokens that it continues from (rule T-4). */
export function textPromptTokens(messages: readonly ChatMessage[], prefixTokens: number): number {
  const bytes = messages.reduce(
    (sum, { role, content }) => sum + tokenBytes(role) + tokenBytes(content) + TEMPLATE_BYTES,
    0,
  )
  return Math.ceil(bytes / TEXT_TOKEN_BYTES) + prefixTokens
}

/**
 * Whether a chunk's ids are exactly its text, cut as rule T-2 says: null, or the sentence that says what is wrong.
 * `previous` is the id before them in the segment: a provider that leaves room in a token sells air.
 */
export function checkTextChunk(
  previous: number | undefined,
  { ids, textDelta }: Pick<Chunk, 'ids' | 'textDelta'>,
): string | null {
  let before = previous === undefined ? TEXT_TOKEN_BYTES : bytesOf(previous)
  let text = ''
  for (const id of ids) {
    const piece = textOfToken(id)
    if (piece === undefined) return `Token ${id} is no text.`
    if (before + firstCharBytes(piece) <= TEXT_TOKEN_BYTES) {
      return 'A token begins while the one before it has room.'
    }
    before = tokenBytes(piece)
    text += piece
  }
  return text === textDelta ? null : 'The text is not that of the ids.'
}

function bytesOf(id: number): number {
  return tokenBytes(textOfToken(id) ?? '')
}
