/** Rows of one node by payer and provider: one writer at a time per row, memory in front of the store. */
import type { Hex } from '@duckmesh/proto'
import type { Durability } from '../dispatch/index.ts'
import type { ChannelKey } from './store.ts'

/** Rows kept in memory without a pending write; a row is a few hundred bytes. */
const CACHED_ROWS = 1_024

/** `lazy` is a grouped write that the caller does not wait for; a failed one fails every later call. */
export type WriteLevel = Durability | 'lazy'

/** Where the rows lie. */
export interface RowSource<R extends ChannelKey> {
  load(key: ChannelKey): Promise<R | undefined>
  save(row: R, level: Durability): Promise<void>
  /** The row before the first change. */
  empty(key: ChannelKey): R
}

interface Slot<R> {
  row: R | undefined
  tail: Promise<unknown>
  pending: number
}

export class RowBook<R extends ChannelKey> {
  readonly #source: RowSource<R>
  readonly #slots = new Map<string, Slot<R>>()
  #broken: Error | null = null

  constructor(source: RowSource<R>) {
    this.#source = source
  }

  /** The row as of all changes queued before. */
  read(key: ChannelKey): Promise<R> {
    return this.#locked(key, (slot) => this.#load(key, slot))
  }

  /**
   * Replaces a row by what `change` makes of it. Nothing else touches the row meanwhile; when `change`
   * rejects, the row stays as it was.
   */
  change(key: ChannelKey, level: WriteLevel, change: (row: R) => R | Promise<R>): Promise<R> {
    return this.#locked(key, async (slot) => {
      const before = await this.#load(key, slot)
      const after = await change(before)
      if (after === before) return before
      if (level === 'lazy') void this.#saveLazily(slot, after)
      else await this.#source.save(after, level)
      slot.row = after
      return after
    })
  }

  async #load(key: ChannelKey, slot: Slot<R>): Promise<R> {
    slot.row ??= (await this.#source.load(key)) ?? this.#source.empty(key)
    return slot.row
  }

  async #saveLazily(slot: Slot<R>, row: R): Promise<void> {
    slot.pending += 1
    try {
      await this.#source.save(row, 'grouped')
    } catch (error) {
      this.#broken = error instanceof Error ? error : new Error(String(error))
    } finally {
      slot.pending -= 1
    }
  }

  #locked<T>(key: ChannelKey, work: (slot: Slot<R>) => Promise<T>): Promise<T> {
    const name: `${Hex}:${Hex}` = `${key.payer}:${key.provider}`
    const slot = this.#slots.get(name) ?? { row: undefined, tail: Promise.resolve(), pending: 0 }
    // Re-inserting keeps the map in order of last use.
    this.#slots.delete(name)
    this.#slots.set(name, slot)
    slot.pending += 1
    const result = slot.tail.then(() => {
      if (this.#broken !== null) throw this.#broken
      return work(slot)
    })
    slot.tail = result.then(
      () => this.#release(slot),
      () => this.#release(slot),
    )
    return result
  }

  #release(slot: Slot<R>): void {
    slot.pending -= 1
    for (const [name, idle] of this.#slots) {
      if (this.#slots.size <= CACHED_ROWS) return
      if (idle.pending === 0) this.#slots.delete(name)
    }
  }
}
