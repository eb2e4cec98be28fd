/** Peers that may hold what a pull needs: who is asked, who rests after a failure, who is not asked again (F-40, F-42). */
import type { Hex } from '@duckmesh/proto'
import type { PeerId } from '@libp2p/interface'
import type { Clock } from '../components.ts'
import type { DuckMeshError } from '../errors.ts'
import { peerKeyOf } from '../mesh/index.ts'
import * as limits from './constants.ts'
import type { PullEvent } from './interface.ts'

/** One peer, as this pull sees it. */
export interface Holder {
  readonly peer: PeerId
  readonly key: Hex
  /** Failures since its last success. */
  failures: number
  /** It rests until then, ms. */
  restsUntil: number
  /** Pieces being fetched from it. */
  busy: number
  /** Asked for one block at a time. */
  slow: boolean
  /** Names (hashes, model ids) that it said it does not have. */
  readonly lacks: Set<string>
}

export interface HolderPoolComponents {
  clock: Clock
  onEvent: (event: PullEvent) => void
}

export class HolderPool {
  readonly #components: HolderPoolComponents
  readonly #holders = new Map<Hex, Holder>()
  readonly #banned = new Set<Hex>()
  readonly #listeners = new Set<() => void>()
  readonly #timers = new Set<() => void>()

  constructor(components: HolderPoolComponents) {
    this.#components = components
  }

  /** Who could be asked now or after a rest. */
  get size(): number {
    return this.#holders.size
  }

  /** Adds a peer that a search told; a known or banned one, or one that is no peer of the mesh (M-5), changes nothing. */
  add(peer: PeerId): void {
    if (peer.type !== 'Ed25519') return
    const key = peerKeyOf(peer)
    const full = this.#holders.size >= limits.MAX_KNOWN_HOLDERS
    if (full || this.#holders.has(key) || this.#banned.has(key)) return
    const state = { failures: 0, restsUntil: 0, busy: 0, slow: false, lacks: new Set<string>() }
    this.#holders.set(key, { peer, key, ...state })
    this.notify()
  }

  /** Who may be asked for this now: those that failed least, then those known longest. */
  ready(name: string): Holder[] {
    const now = this.#components.clock.now()
    const able = [...this.#holders.values()].filter(
      ({ lacks, restsUntil }) => restsUntil <= now && !lacks.has(name),
    )
    // Else those that never answer would keep all places until they are forgotten.
    return able.sort((a, b) => a.failures - b.failures).slice(0, limits.MAX_ACTIVE_HOLDERS)
  }

  /** Whether this holder is still asked for this, perhaps after a rest. */
  usable(holder: Holder, name: string): boolean {
    return this.#holders.get(holder.key) === holder && !holder.lacks.has(name)
  }

  /** It does not have this; it may have something else. */
  lacks(holder: Holder, name: string): void {
    holder.lacks.add(name)
    this.notify()
  }

  succeeded(holder: Holder): void {
    holder.failures = 0
  }

  /** It asks for some time, which is no failure. */
  rest(holder: Holder, ms: number): void {
    holder.restsUntil = Math.max(holder.restsUntil, this.#components.clock.now() + ms)
    this.later(ms)
    this.notify()
  }

  /** A failure that says nothing about its honesty: it rests, longer each time, and is forgotten in the end. */
  failed(holder: Holder, error: DuckMeshError): void {
    if (this.#holders.get(holder.key) !== holder) return
    const { clock, onEvent } = this.#components
    if (error.code === 'TIMED_OUT') holder.slow = true
    // What was asked at the same time fails at the same time, and counts once.
    if (holder.restsUntil > clock.now()) return
    holder.failures++
    onEvent({ type: 'failed', peer: holder.peer.toString(), code: error.code })
    if (holder.failures >= limits.MAX_FAILURES) {
      this.#holders.delete(holder.key)
      this.notify()
      return
    }
    const pause = limits.FIRST_PAUSE_MS * 2 ** (holder.failures - 1)
    this.rest(holder, Math.min(pause, limits.MAX_PAUSE_MS))
  }

  /** It is proven to have told or sent something wrong, and is not asked again. */
  blame(holder: Holder, reason: string): void {
    if (this.#banned.has(holder.key)) return
    this.#banned.add(holder.key)
    this.#holders.delete(holder.key)
    this.#components.onEvent({ type: 'blamed', peer: holder.peer.toString(), reason })
    this.notify()
  }

  /** Calls back after each change until the returned function is called. */
  listen(onChange: () => void): () => void {
    this.#listeners.add(onChange)
    return () => this.#listeners.delete(onChange)
  }

  /** Tells the listeners that something changed. */
  notify(): void {
    for (const listener of [...this.#listeners]) listener()
  }

  /** Tells the listeners again after this time, ms. */
  later(ms: number): void {
    const stop = this.#components.clock.after(ms, () => {
      this.#timers.delete(stop)
      this.notify()
    })
    this.#timers.add(stop)
  }

  stop(): void {
    for (const stop of this.#timers) stop()
    this.#timers.clear()
    this.#listeners.clear()
  }
}
