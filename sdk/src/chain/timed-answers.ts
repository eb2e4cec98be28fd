/** Answers of the chain by name, reused for a while; those who ask at the same time share one. */
import type { Clock } from '@duckmesh/protocols'

/** Answers remembered; anybody can name an owner or an operator, so the memory is bounded. */
const MAX_ANSWERS = 4_096

export class TimedAnswers<T> {
  readonly #clock: Clock
  readonly #ttlMs: number
  /** Oldest first; an answer that failed is not kept. */
  readonly #answers = new Map<string, { answer: Promise<T>; atMs: number }>()

  constructor(clock: Clock, ttlMs: number) {
    this.#clock = clock
    this.#ttlMs = ttlMs
  }

  get(name: string, ask: () => Promise<T>): Promise<T> {
    const known = this.#answers.get(name)
    if (known !== undefined && this.#clock.now() - known.atMs < this.#ttlMs) return known.answer
    const asked = { answer: ask(), atMs: this.#clock.now() }
    this.#answers.delete(name)
    const [oldest] = this.#answers.keys()
    if (oldest !== undefined && this.#answers.size >= MAX_ANSWERS) this.#answers.delete(oldest)
    this.#answers.set(name, asked)
    asked.answer.catch(() => {
      if (this.#answers.get(name) === asked) this.#answers.delete(name)
    })
    return asked.answer
  }
}
