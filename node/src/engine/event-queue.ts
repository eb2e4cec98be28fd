import type { EngineError } from './errors.ts'

/** Events waiting for one reader. After fail(), what waits is still read, then the error is thrown. */
export class EventQueue<T> {
  #items: T[] = []
  #error: EngineError | null = null
  #waiting: { resolve: (item: T) => void; reject: (error: EngineError) => void } | null = null

  get error(): EngineError | null {
    return this.#error
  }

  push(item: T): void {
    if (this.#error !== null) return
    if (this.#waiting === null) this.#items.push(item)
    else this.#waiting.resolve(item)
    this.#waiting = null
  }

  /** The first error stays. */
  fail(error: EngineError): void {
    if (this.#error !== null) return
    this.#error = error
    this.#waiting?.reject(error)
    this.#waiting = null
  }

  /** Drops what waits to be read. */
  clear(): void {
    this.#items = []
  }

  next(): Promise<T> {
    const item = this.#items.shift()
    if (item !== undefined) return Promise.resolve(item)
    if (this.#error !== null) return Promise.reject(this.#error)
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
    })
  }
}
