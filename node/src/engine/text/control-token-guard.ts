/** A control token of a tokenizer, such as the one that ends a turn. */
export interface ControlToken {
  readonly id: number
  readonly content: string
  /** White space to its left or right belongs to it. */
  readonly lstrip: boolean
  readonly rstrip: boolean
}

/** Text that must be encoded as plain text, or one control token. */
export type Segment = { readonly text: string } | { readonly control: number }

/** First and last code points of the private-use area, from which a marker is taken. */
const PRIVATE_USE_FIRST = 0xe000
const PRIVATE_USE_LAST = 0xf8ff

/**
 * Keeps control tokens typed inside a message from becoming control tokens. A marker character that
 * occurs nowhere in the conversation is put inside each of them before the chat template runs;
 * after it, only the template's own control tokens are still whole. Markers then go away again, so
 * the message is encoded as exactly the text that was typed.
 */
export class ControlTokenGuard {
  readonly #byContent: ReadonlyMap<string, ControlToken>
  readonly #inContent: RegExp | null
  readonly #inPrompt: RegExp | null

  /** Throws RangeError for a token of a single character: it could not be broken up. */
  constructor(tokens: readonly ControlToken[]) {
    if (tokens.some(({ content }) => [...content].length < 2)) {
      throw new RangeError('a control token has fewer than two characters')
    }
    const longestFirst = [...tokens].sort((a, b) => b.content.length - a.content.length)
    this.#byContent = new Map(tokens.map((token) => [token.content, token]))
    this.#inContent = alternatives(longestFirst.map(({ content }) => escape(content)))
    this.#inPrompt = alternatives(longestFirst.map(promptPattern))
  }

  /** A character that no message contains. Throws RangeError when all 6400 are taken. */
  marker(contents: readonly string[]): string {
    const used = new Set(contents.join(''))
    for (let code = PRIVATE_USE_FIRST; code <= PRIVATE_USE_LAST; code++) {
      const candidate = String.fromCharCode(code)
      if (!used.has(candidate)) return candidate
    }
    throw new RangeError('every private-use character occurs in the messages')
  }

  /** Breaks up each control token in a message, and a beginning of one at the message's end. */
  defuse(content: string, marker: string): string {
    if (this.#inContent === null) return content
    let whole = content
    // A token broken up may still hold a shorter one; each round breaks at least one more.
    while (whole.search(this.#inContent) >= 0) {
      whole = whole.replace(this.#inContent, (token) => breakUp(token, marker))
    }
    const tail = this.#unfinishedTail(whole)
    return whole.slice(0, whole.length - tail.length) + breakUp(tail, marker)
  }

  /** Splits a rendered prompt at its own control tokens and takes the markers out of the rest. */
  split(prompt: string, marker: string): Segment[] {
    if (this.#inPrompt === null) return [{ text: prompt.replaceAll(marker, '') }]
    const segments: Segment[] = []
    let position = 0
    for (const match of prompt.matchAll(this.#inPrompt)) {
      const text = prompt.slice(position, match.index).replaceAll(marker, '')
      if (text !== '') segments.push({ text })
      const token = this.#byContent.get(match[0]) ?? this.#byContent.get(match[0].trim())
      if (token !== undefined) segments.push({ control: token.id })
      position = match.index + match[0].length
    }
    const rest = prompt.slice(position).replaceAll(marker, '')
    return rest === '' ? segments : [...segments, { text: rest }]
  }

  /** The longest end of the text with which a control token begins. */
  #unfinishedTail(text: string): string {
    let longest = ''
    for (const content of this.#byContent.keys()) {
      for (let length = content.length - 1; length > longest.length; length--) {
        if (text.endsWith(content.slice(0, length))) longest = content.slice(0, length)
      }
    }
    return longest
  }
}

/** The marker goes behind the first character (code point). */
function breakUp(token: string, marker: string): string {
  const [first = '', ...rest] = token
  return first === '' ? '' : first + marker + rest.join('')
}

function promptPattern({ content, lstrip, rstrip }: ControlToken): string {
  return `${lstrip ? '\\s*' : ''}${escape(content)}${rstrip ? '\\s*' : ''}`
}

function alternatives(patterns: readonly string[]): RegExp | null {
  return patterns.length === 0 ? null : new RegExp(patterns.join('|'), 'gu')
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}
