/** What undecodable or unfinished bytes are decoded to. */
const REPLACEMENT = '\uFFFD'

/** Tokens after which the decoding window moves on, so that a long answer costs linear time. */
const WINDOW = 16

/**
 * Turns ids into text piece by piece. The pieces together are decode(all ids); a character whose
 * bytes lie in several tokens comes out whole, with the last of them.
 */
export class TokenTextStream {
  readonly #decode: (ids: readonly number[]) => string
  /** Ids that are decoded together, and how much of their text went out. */
  #window: number[] = []
  #emitted = 0

  constructor(decode: (ids: readonly number[]) => string) {
    this.#decode = decode
  }

  /** The text that these ids make certain. */
  push(ids: readonly number[]): string {
    this.#window.push(...ids)
    const text = this.#decode(this.#window)
    // The bytes of an unfinished character decode to exactly one replacement character at the end.
    const certain = text.endsWith(REPLACEMENT) ? text.length - 1 : text.length
    const delta = text.slice(this.#emitted, certain)
    this.#emitted = Math.max(this.#emitted, certain)
    if (certain === text.length) this.#shrinkWindow()
    return delta
  }

  /** What is left at the end: bytes that never became a character. */
  flush(): string {
    const rest = this.#decode(this.#window).slice(this.#emitted)
    this.#window = []
    this.#emitted = 0
    return rest
  }

  /** One token stays as left context: some decoders drop the blank before the first token. */
  #shrinkWindow(): void {
    if (this.#window.length < WINDOW) return
    this.#window = this.#window.slice(-1)
    this.#emitted = this.#decode(this.#window).length
  }
}
