/** Remembers what a promise gave; callers at the same time share one, a rejection is forgotten. */
export class PromiseCache<K, V> {
  readonly #entries = new Map<K, Promise<V>>()
  readonly #max: number

  /** @param max entries kept; the least recently used one makes room */
  constructor(max: number) {
    this.#max = max
  }

  get(key: K, load: () => Promise<V>): Promise<V> {
    const known = this.#entries.get(key)
    this.#entries.delete(key)
    const entry = known ?? this.#start(key, load)
    this.#entries.set(key, entry)
    const [oldest] = this.#entries.keys()
    if (this.#entries.size > this.#max && oldest !== undefined) this.#entries.delete(oldest)
    return entry
  }

  #start(key: K, load: () => Promise<V>): Promise<V> {
    const entry = load()
    entry.catch(() => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key)
    })
    return entry
  }
}
