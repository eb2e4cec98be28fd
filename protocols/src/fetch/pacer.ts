/** Bytes per second as waiting times (F-30). */

/** Callers whose debt is remembered, about 100 bytes each. */
const MAX_KEYS = 4_096

export interface PaceLimit {
  bytesPerS: number
  /** Bytes at once after a pause. */
  burst: number
}

/** Who sent more than its rate waits; nothing is lost, and one caller's debt is not another's. */
export class Pacer {
  readonly #limit: PaceLimit
  /** When the debt of a key is paid, ms. */
  readonly #paidAt = new Map<string, number>()

  constructor(limit: PaceLimit) {
    this.#limit = limit
  }

  /** How long `bytes` more would have to wait, ms; takes nothing. */
  waitMs(key: string, bytes: number, nowMs: number): number {
    const { burst, bytesPerS } = this.#limit
    const owed = Math.max(0, (this.#paidAt.get(key) ?? 0) - nowMs)
    const burstMs = (burst / bytesPerS) * 1_000
    return Math.max(0, owed + (bytes / bytesPerS) * 1_000 - burstMs)
  }

  /** Takes the bytes. False when the table of keys is full of debtors. */
  take(key: string, bytes: number, nowMs: number): boolean {
    const known = this.#paidAt.get(key)
    if (known === undefined && !this.#hasRoom(nowMs)) return false
    const from = Math.max(nowMs, known ?? 0)
    this.#paidAt.set(key, from + (bytes / this.#limit.bytesPerS) * 1_000)
    return true
  }

  /** A key without debt is the same as an unknown one. */
  #hasRoom(nowMs: number): boolean {
    if (this.#paidAt.size < MAX_KEYS) return true
    for (const [key, paidAt] of this.#paidAt) if (paidAt <= nowMs) this.#paidAt.delete(key)
    return this.#paidAt.size < MAX_KEYS
  }
}
