interface Entry<V> {
  value: V
  expiresAt: number
}

/** A map that forgets: entries past their time at once, and the oldest one when it is full. */
export class ExpiringMap<K, V> {
  readonly #entries = new Map<K, Entry<V>>()
  readonly #max: number

  constructor(max: number) {
    this.#max = max
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: K, now: number): V | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined || entry.expiresAt > now) return entry?.value
    this.#entries.delete(key)
    return undefined
  }

  /** Keeps the value until `expiresAt`, ms. */
  set(key: K, value: V, expiresAt: number): void {
    this.#entries.delete(key)
    this.#entries.set(key, { value, expiresAt })
    const [oldest] = this.#entries.keys()
    if (this.#entries.size > this.#max && oldest !== undefined) this.#entries.delete(oldest)
  }

  delete(key: K): void {
    this.#entries.delete(key)
  }
}
