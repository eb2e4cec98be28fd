/** The channel rows of one node: one writer at a time per channel, memory in front of the store. */
import type { Hex } from '@duckmesh/proto'
import type { Durability } from '../dispatch/index.ts'
import { emptyChannel } from './ledger.ts'
import type { ChannelKey, ChannelRow, LedgerStore } from './store.ts'

/** Rows kept in memory without a pending write; a row is a few hundred bytes. */
const CACHED_ROWS = 1_024

/** `lazy` is a grouped write that the caller does not wait for; a failed one fails every later call. */
export type WriteLevel = Durability | 'lazy'

interface Slot {
  row: ChannelRow | undefined
  tail: Promise<unknown>
  pending: number
}

export class ChannelBook {
  readonly #store: LedgerStore
  readonly #slots = new Map<string, Slot>()
  #broken: Error | null = null

  constructor(store: LedgerStore) {
    this.#store = store
  }

  /** The row as of all changes queued before. */
  read(key: ChannelKey): Promise<ChannelRow> {
    return this.#locked(key, (slot) => this.#load(key, slot))
  }

  /**
   * Replaces a row by what `change` makes of it. Nothing else touches the channel meanwhile; when
   * `change` rejects, the row stays as it was.
   */
  change(
    key: ChannelKey,
    level: WriteLevel,
    change: (row: ChannelRow) => ChannelRow | Promise<ChannelRow>,
  ): Promise<ChannelRow> {
    return this.#locked(key, async (slot) => {
      const before = await this.#load(key, slot)
      const after = await change(before)
      if (after === before) return before
      if (level === 'lazy') void this.#saveLazily(slot, after)
      else await this.#store.saveChannel(after, level)
      slot.row = after
      return after
    })
  }

  async #load(key: ChannelKey, slot: Slot): Promise<ChannelRow> {
    slot.row ??= (await this.#store.loadChannel(key)) ?? emptyChannel(key.payer, key.provider)
    return slot.row
  }

  async #saveLazily(slot: Slot, row: ChannelRow): Promise<void> {
    slot.pending += 1
    try {
      await this.#store.saveChannel(row, 'grouped')
    } catch (error) {
      this.#broken = error instanceof Error ? error : new Error(String(error))
    } finally {
      slot.pending -= 1
    }
  }

  #locked<T>(key: ChannelKey, work: (slot: Slot) => Promise<T>): Promise<T> {
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

  #release(slot: Slot): void {
    slot.pending -= 1
    for (const [name, idle] of this.#slots) {
      if (this.#slots.size <= CACHED_ROWS) return
      if (idle.pending === 0) this.#slots.delete(name)
    }
  }
}
