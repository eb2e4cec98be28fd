import { REPLAY_MAX_PEERS, REPLAY_WINDOW_BITS } from './constants.ts'
import type { Hex } from '@duckmesh/proto'

/** `full` means that no window is free: the caller ignores the message, it never forgets a live one. */
export type ReplayVerdict = 'fresh' | 'replayed' | 'full'

interface Window {
  highest: number
  /** Bit `seq mod bits` is set when `seq` was taken; only the last `bits` numbers up to `highest` count. */
  bits: Uint32Array
  /** When the last envelope taken from this peer stops being valid, ms. */
  liveUntil: number
}

/**
 * Sequence numbers taken per peer, as a sliding bitmap (M-17).
 *
 * A window may be forgotten only when every envelope taken through it has expired, because an expired
 * envelope is refused by its own dates; so filling the table with fresh keys never makes a replay pass (M-18).
 */
export class ReplayWindow {
  readonly #windows = new Map<Hex, Window>()
  readonly #width: number
  readonly #maxPeers: number

  constructor(init: { bits?: number; maxPeers?: number } = {}) {
    this.#width = init.bits ?? REPLAY_WINDOW_BITS
    this.#maxPeers = init.maxPeers ?? REPLAY_MAX_PEERS
  }

  get peers(): number {
    return this.#windows.size
  }

  /** What `take` would answer, without taking. */
  check(peerKey: Hex, seq: number, now: number): ReplayVerdict {
    const window = this.#windows.get(peerKey)
    if (window === undefined) return this.#hasRoom(now) ? 'fresh' : 'full'
    if (seq > window.highest) return 'fresh'
    if (seq <= window.highest - this.#width) return 'replayed'
    return bit(window.bits, seq % this.#width) ? 'replayed' : 'fresh'
  }

  /** Takes `seq` for good. Call it last, when nothing else can refuse the envelope (M-16). */
  take(peerKey: Hex, seq: number, expiryMs: number, now: number): ReplayVerdict {
    const verdict = this.check(peerKey, seq, now)
    if (verdict !== 'fresh') return verdict
    const window = this.#windows.get(peerKey) ?? this.#open(peerKey, seq)
    for (let skipped = window.highest + 1; skipped <= seq; skipped++) {
      if (skipped <= seq - this.#width) skipped = seq - this.#width + 1
      setBit(window.bits, skipped % this.#width, false)
    }
    window.highest = Math.max(window.highest, seq)
    window.liveUntil = Math.max(window.liveUntil, expiryMs)
    setBit(window.bits, seq % this.#width, true)
    return 'fresh'
  }

  #open(peerKey: Hex, seq: number): Window {
    const bits = new Uint32Array(Math.ceil(this.#width / 32))
    const window = { highest: seq, bits, liveUntil: 0 }
    this.#windows.set(peerKey, window)
    return window
  }

  #hasRoom(now: number): boolean {
    if (this.#windows.size < this.#maxPeers) return true
    for (const [peerKey, window] of this.#windows) {
      if (window.liveUntil < now) this.#windows.delete(peerKey)
    }
    return this.#windows.size < this.#maxPeers
  }
}

function bit(bits: Uint32Array, index: number): boolean {
  return (((bits[index >>> 5] ?? 0) >>> (index & 31)) & 1) === 1
}

function setBit(bits: Uint32Array, index: number, value: boolean): void {
  const word = bits[index >>> 5] ?? 0
  const mask = 1 << (index & 31)
  bits[index >>> 5] = value ? word | mask : word & ~mask
}
