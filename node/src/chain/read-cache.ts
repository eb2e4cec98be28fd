import type { Clock } from '@duckmesh/protocols'
import { CACHE_ENTRIES } from './constants.ts'

interface Entry<T> {
  value: T
  /** Milliseconds since 1970. */
  goodUntil: number
}

/** An object of its own, so that a read knows whether it is still the current one. */
interface Reading<T> {
  result: Promise<T>
}

/** Values by key for a while; concurrent reads of one key are one read. Failures are not kept. */
export class ReadCache<T> {
  readonly #clock: Clock
  readonly #entries = new Map<string, Entry<T>>()
  readonly #reading = new Map<string, Reading<T>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The value when it is still good, else what `read` gives, good for `ttlMs(value)`. */
  get(key: string, ttlMs: (value: T) => number, read: () => Promise<T>): Promise<T> {
    const entry = this.#entries.get(key)
    if (entry !== undefined && this.#clock.now() < entry.goodUntil)
      return Promise.resolve(entry.value)
    return this.#reading.get(key)?.result ?? this.#read(key, ttlMs, read)
  }

  /** The last value, also when it is not good any more. */
  last(key: string): T | undefined {
    return this.#entries.get(key)?.value
  }

  /** The next `get` reads again, also when a read that began earlier ends later. */
  forget(key: string): void {
    this.#entries.delete(key)
    this.#reading.delete(key)
  }

  #read(key: string, ttlMs: (value: T) => number, read: () => Promise<T>): Promise<T> {
    const own: Reading<T> = { result: read() }
    this.#reading.set(key, own)
    const isCurrent = (): boolean => this.#reading.get(key) === own
    own.result = own.result
      .then((value) => {
        if (isCurrent()) this.#keep(key, { value, goodUntil: this.#clock.now() + ttlMs(value) })
        return value
      })
      .finally(() => {
        if (isCurrent()) this.#reading.delete(key)
      })
    return own.result
  }

  #keep(key: string, entry: Entry<T>): void {
    // Deleting first moves the key to the end: the first one is the one read longest ago.
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    if (this.#entries.size <= CACHE_ENTRIES) return
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest)
      return
    }
  }
}
