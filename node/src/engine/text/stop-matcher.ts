/**
 * Ends a text before the first stop string, wherever the pieces are cut. Text that may be the
 * beginning of a stop string is held back until the next piece decides.
 */
export class StopMatcher {
  readonly #stops: readonly string[]
  #held = ''
  #stopped = false

  constructor(stops: readonly string[]) {
    this.#stops = stops
  }

  /** True once a stop string was met; nothing comes out after that. */
  get stopped(): boolean {
    return this.#stopped
  }

  /** Takes a piece of text, gives the text that is certain to stay. */
  push(piece: string): string {
    if (this.#stopped) return ''
    const text = this.#held + piece
    const end = this.#firstStop(text)
    this.#stopped = end >= 0
    const certain = this.#stopped ? end : text.length - this.#heldLength(text)
    this.#held = this.#stopped ? '' : text.slice(certain)
    return text.slice(0, certain)
  }

  /** What was held back when no more text comes. */
  flush(): string {
    const rest = this.#held
    this.#held = ''
    return rest
  }

  #firstStop(text: string): number {
    const found = this.#stops.map((stop) => text.indexOf(stop)).filter((index) => index >= 0)
    return found.length === 0 ? -1 : Math.min(...found)
  }

  /** Length of the longest end of the text that begins a stop string. */
  #heldLength(text: string): number {
    return Math.max(0, ...this.#stops.map((stop) => longestOverlap(text, stop)))
  }
}

function longestOverlap(text: string, stop: string): number {
  for (let length = Math.min(stop.length - 1, text.length); length > 0; length--) {
    if (text.endsWith(stop.slice(0, length))) return length
  }
  return 0
}
