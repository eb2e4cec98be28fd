import type { Hex } from '@duckmesh/proto'

interface Cacheable {
  peerKey: Hex
  expiry: number
}

/**
 * The newest verified binding of each peer, bounded; the least recently used one makes room (M-24).
 * Forgetting one only costs another verification, so no attacker gains by filling it.
 */
export class BindingCache<B extends Cacheable> {
  readonly #entries = new Map<Hex, { binding: B; verifiedAt: number }>()
  readonly #max: number
  readonly #onEvict: (binding: B) => void

  constructor(max: number, onEvict: (binding: B) => void = () => undefined) {
    this.#max = max
    this.#onEvict = onEvict
  }

  get size(): number {
    return this.#entries.size
  }

  /** The binding of this peer while it has not expired. */
  get(peerKey: Hex, now: number): { binding: B; verifiedAt: number } | undefined {
    const entry = this.#entries.get(peerKey)
    if (entry === undefined) return undefined
    this.#entries.delete(peerKey)
    if (entry.binding.expiry * 1_000 <= now) {
      this.#onEvict(entry.binding)
      return undefined
    }
    this.#entries.set(peerKey, entry)
    return entry
  }

  put(binding: B, now: number): void {
    this.delete(binding.peerKey)
    const [oldest] = this.#entries.keys()
    if (this.#entries.size >= this.#max && oldest !== undefined) this.delete(oldest)
    this.#entries.set(binding.peerKey, { binding, verifiedAt: now })
  }

  delete(peerKey: Hex): void {
    const entry = this.#entries.get(peerKey)
    if (entry === undefined) return
    this.#entries.delete(peerKey)
    this.#onEvict(entry.binding)
  }
}
