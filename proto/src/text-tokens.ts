/**
 * Text as token ids, for models whose own tokens nobody sees: a token is the longest run of whole characters that
 * fits into four bytes of UTF-8, its id those bytes as a big-endian uint32, filled up with 0xff (rules T-2, T-3).
 */

/** UTF-8 bytes of one token at most. */
export const TEXT_TOKEN_BYTES = 4

/** Never a byte of UTF-8. */
const FILL = 0xff

const HIGH_SURROGATE_AT_END = /[\uD800-\uDBFF]$/

const encoder = new TextEncoder()
// A byte order mark is text like any other: it is not dropped.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export interface TextToken {
  readonly id: number
  readonly text: string
}

/** UTF-8 bytes of the first character of a well-formed text; 0 when it is empty. */
export function firstCharBytes(text: string): number {
  const code = text.codePointAt(0)
  if (code === undefined) return 0
  if (code < 0x80) return 1
  if (code < 0x800) return 2
  return code < 0x1_0000 ? 3 : 4
}

/** The text of a token; undefined when the id is not one to four bytes of well-formed UTF-8 and their filling. */
export function textOfToken(id: number): string | undefined {
  const bytes = new Uint8Array(TEXT_TOKEN_BYTES)
  new DataView(bytes.buffer).setUint32(0, id)
  const fill = bytes.indexOf(FILL)
  const end = fill === -1 ? TEXT_TOKEN_BYTES : fill
  if (end === 0 || bytes.subarray(end).some((byte) => byte !== FILL)) return undefined
  try {
    return decoder.decode(bytes.subarray(0, end))
  } catch {
    return undefined
  }
}

/** UTF-8 bytes of the text of a token. */
export function tokenBytes(text: string): number {
  return encoder.encode(text).length
}

/** Cuts a text that comes in pieces into tokens; where the pieces are cut changes nothing. */
export class TextPacker {
  /** Whole characters that the next one may still join. */
  #open = ''
  #openBytes = 0
  /** The first half of a character whose second half comes with the next piece. */
  #half = ''

  /** Takes a piece of text, gives the tokens that nothing can join any more. */
  push(piece: string): TextToken[] {
    const text = this.#half + piece
    this.#half = HIGH_SURROGATE_AT_END.exec(text)?.[0] ?? ''
    const whole = this.#half === '' ? text : text.slice(0, -1)
    const tokens: TextToken[] = []
    for (const char of whole.toWellFormed()) tokens.push(...this.#add(char))
    return tokens
  }

  /** The last token when no more text comes. A half character becomes U+FFFD. */
  flush(): TextToken[] {
    const rest = this.#half.toWellFormed()
    this.#half = ''
    const tokens = rest === '' ? [] : this.#add(rest)
    return [...tokens, ...this.#close()]
  }

  #add(char: string): TextToken[] {
    const bytes = firstCharBytes(char)
    const closed = this.#openBytes + bytes > TEXT_TOKEN_BYTES ? this.#close() : []
    this.#open += char
    this.#openBytes += bytes
    return this.#openBytes < TEXT_TOKEN_BYTES ? closed : [...closed, ...this.#close()]
  }

  #close(): TextToken[] {
    if (this.#open === '') return []
    const token = { id: idOf(this.#open), text: this.#open }
    this.#open = ''
    this.#openBytes = 0
    return [token]
  }
}

function idOf(text: string): number {
  const bytes = new Uint8Array(TEXT_TOKEN_BYTES).fill(FILL)
  encoder.encodeInto(text, bytes)
  return new DataView(bytes.buffer).getUint32(0)
}
