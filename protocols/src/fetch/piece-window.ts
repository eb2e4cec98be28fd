/** Which pieces of a blob are asked for: the next ones behind what is stored, each of one holder, late ones of two (F-41). */
import { STEAL_AFTER_MS, WINDOW_PIECES } from './constants.ts'
import type { Holder } from './holder-pool.ts'

/** One piece being fetched from one holder. */
export interface PieceFetch {
  readonly index: number
  readonly holder: Holder
  readonly startedMs: number
  readonly stop: AbortController
}

/** Holders that fetch the same piece. */
const MAX_FETCHERS = 2

export class PieceWindow {
  readonly #count: number
  readonly #fetches = new Set<PieceFetch>()
  /** Fetched and verified, waiting for those before them. */
  readonly #ready = new Map<number, Uint8Array>()
  #next: number

  /** `first` is the piece that the blob goes on with, `count` the number of all. */
  constructor(first: number, count: number) {
    this.#next = first
    this.#count = count
  }

  /** The piece that is stored next; the number of pieces when nothing is missing. */
  get next(): number {
    return this.#next
  }

  get done(): boolean {
    return this.#next >= this.#count
  }

  get fetching(): number {
    return this.#fetches.size
  }

  /** The piece that this holder should be asked for now, or undefined. */
  pick(holder: Holder, nowMs: number): number | undefined {
    const end = Math.min(this.#count, this.#next + WINDOW_PIECES)
    for (let index = this.#next; index < end; index++) {
      if (!this.#ready.has(index) && this.#of(index).length === 0) return index
    }
    return this.#late(holder, nowMs)
  }

  start(holder: Holder, index: number, nowMs: number): PieceFetch {
    const fetch = { index, holder, startedMs: nowMs, stop: new AbortController() }
    this.#fetches.add(fetch)
    return fetch
  }

  ended(fetch: PieceFetch): void {
    this.#fetches.delete(fetch)
  }

  /** Keeps a verified piece and stops whoever else fetches it. */
  arrived(index: number, bytes: Uint8Array): void {
    if (index >= this.#next) this.#ready.set(index, bytes)
    for (const fetch of this.#of(index)) fetch.stop.abort()
  }

  /** The piece to store now, when it is here. */
  head(): Uint8Array | undefined {
    return this.#ready.get(this.#next)
  }

  /** The head is stored. */
  advance(): void {
    this.#ready.delete(this.#next)
    this.#next++
  }

  stopAll(): void {
    for (const fetch of this.#fetches) fetch.stop.abort()
  }

  #of(index: number): PieceFetch[] {
    return [...this.#fetches].filter((fetch) => fetch.index === index)
  }

  /** The first piece that somebody else has been fetching for too long. */
  #late(holder: Holder, nowMs: number): number | undefined {
    const late = [...this.#fetches].filter(
      (fetch) => fetch.startedMs + STEAL_AFTER_MS <= nowMs && !this.#ready.has(fetch.index),
    )
    const able = late.filter(({ index }) => {
      const fetches = this.#of(index)
      return fetches.length < MAX_FETCHERS && fetches.every((fetch) => fetch.holder !== holder)
    })
    return able.sort((a, b) => a.index - b.index)[0]?.index
  }
}
