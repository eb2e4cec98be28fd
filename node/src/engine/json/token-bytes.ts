/** The bytes that each token of a byte-level vocabulary stands for. */
import { z } from 'zod'

const decoderSchema = z.looseObject({
  type: z.string(),
  decoders: z.array(z.unknown()).default([]),
})
const schema = z.looseObject({
  decoder: z.unknown(),
  added_tokens: z
    .array(
      z.looseObject({ id: z.number(), content: z.string(), special: z.boolean().default(false) }),
    )
    .default([]),
})

/** Bytes that byte-level vocabularies write as themselves; the others get characters from 256 on. */
function isPlain(byte: number): boolean {
  return (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174
}

/**
 * Bytes by token id; null for control tokens, which stand for no text.
 * @param tokenizerJson parsed tokenizer.json
 * @param vocabulary token to id
 * @returns null when the tokenizer is not of the byte-level kind (GPT-2, Llama 3, Qwen, Duckling)
 */
export function tokenBytes(
  tokenizerJson: unknown,
  vocabulary: ReadonlyMap<string, number>,
): (Uint8Array | null)[] | null {
  const parsed = schema.safeParse(tokenizerJson)
  if (!parsed.success || !isByteLevel(parsed.data.decoder)) return null
  const added = new Map(parsed.data.added_tokens.map((token) => [token.id, token]))
  const bytes: (Uint8Array | null)[] = []
  for (const [token, id] of vocabulary) {
    const special = added.get(id)
    if (special === undefined) bytes[id] = fromByteLevel(token)
    else bytes[id] = special.special ? null : new TextEncoder().encode(special.content)
  }
  return Array.from(bytes, (each) => each ?? null)
}

function isByteLevel(decoder: unknown): boolean {
  const parsed = decoderSchema.safeParse(decoder)
  if (!parsed.success) return false
  return parsed.data.type === 'ByteLevel' || parsed.data.decoders.some(isByteLevel)
}

const BYTE_OF: ReadonlyMap<string, number> = new Map(alphabet())

function* alphabet(): Generator<[string, number]> {
  let next = 256
  for (let byte = 0; byte < 256; byte++) {
    yield [String.fromCodePoint(isPlain(byte) ? byte : next++), byte]
  }
}

/** Null when a character is not of the alphabet: such a token can stand for no bytes. */
function fromByteLevel(token: string): Uint8Array | null {
  const bytes = [...token].map((character) => BYTE_OF.get(character))
  return bytes.includes(undefined) ? null : Uint8Array.from(bytes, (byte) => byte ?? 0)
}
