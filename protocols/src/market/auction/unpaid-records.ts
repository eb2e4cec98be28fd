/** Which payers owe a seat the openings of earlier matches, over restarts (K-81). */
import { toDuckMeshError } from '../../errors.ts'
import { packRecords, unpackRecords } from './pack-records.ts'
import { FORGIVEN_AFTER_MS, UnpaidBook } from './unpaid-book.ts'
import type { Clock, Logger } from '../../components.ts'
import type { RecordStore } from './interface.ts'
import type { Hex } from '@duckmesh/proto'

/** A list is written this long after it changed, ms: most jobs are settled before, and cost no write. */
const WRITE_AFTER_MS = 2_000

const TIME_BYTES = 8

export interface UnpaidRecordsComponents {
  clock: Clock
  logger: Logger
  records: RecordStore
}

export class UnpaidRecords {
  readonly #components: UnpaidRecordsComponents
  readonly #book = new UnpaidBook()
  readonly #loading = new Map<Hex, Promise<void>>()
  /** Payers whose list changed, with the timers of their writes. */
  readonly #changed = new Map<Hex, () => void>()
  #stopped = false

  constructor(components: UnpaidRecordsComponents) {
    this.#components = components
  }

  /** Whether too many openings of this payer are overdue. */
  async owes(payer: Hex): Promise<boolean> {
    await this.#load(payer)
    return this.#book.owes(payer, this.#components.clock.now())
  }

  /** A match was sent for a job that ends at `deadline`, unix seconds. */
  async matched(payer: Hex, auction: string, deadline: number): Promise<void> {
    await this.#load(payer)
    this.#book.matched(payer, auction, deadline)
    this.#writeLater(payer)
  }

  /** The openings came, with the fee if one was due. */
  async settled(payer: Hex, auction: string): Promise<void> {
    await this.#load(payer)
    this.#book.settled(payer, auction)
    this.#writeLater(payer)
  }

  /** Writes what is not written yet, and nothing afterwards. */
  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all([...this.#changed.keys()].map((payer) => this.#write(payer)))
  }

  /** Reads a payer's list unless it is in memory; what cannot be read is forgiven. */
  #load(payer: Hex): Promise<void> {
    const underWay = this.#loading.get(payer)
    if (underWay !== undefined) return underWay
    if (this.#book.knows(payer)) return Promise.resolve()
    const loading = this.#read(payer).finally(() => this.#loading.delete(payer))
    this.#loading.set(payer, loading)
    return loading
  }

  async #read(payer: Hex): Promise<void> {
    const { clock, logger, records } = this.#components
    let due: [string, number][] = []
    try {
      const bytes = await records.find(recordKey(payer))
      due = bytes === undefined ? [] : decodeDue(bytes)
    } catch (error) {
      logger.warn('market.unpaid_not_read', { code: toDuckMeshError(error).code })
    }
    const now = clock.now()
    const counting = due.filter(([, dueMs]) => now < dueMs + FORGIVEN_AFTER_MS)
    this.#book.restore(payer, new Map(counting))
  }

  #writeLater(payer: Hex): void {
    if (this.#stopped || this.#changed.has(payer)) return
    const stopTimer = this.#components.clock.after(WRITE_AFTER_MS, () => void this.#write(payer))
    this.#changed.set(payer, stopTimer)
  }

  async #write(payer: Hex): Promise<void> {
    const { clock, logger, records } = this.#components
    this.#changed.get(payer)?.()
    this.#changed.delete(payer)
    // Pushed out by thousands of others meanwhile: what is on disk of it stays.
    if (!this.#book.knows(payer)) return
    const due = this.#book.of(payer)
    const key = recordKey(payer)
    try {
      // Nothing owed and nothing on disk: the usual case.
      if (due.size === 0 && (await records.find(key)) === undefined) return
      const last = Math.max(clock.now(), ...due.values())
      await records.save(key, encodeDue(due), last + FORGIVEN_AFTER_MS)
    } catch (error) {
      logger.warn('market.unpaid_not_stored', { code: toDuckMeshError(error).code })
    }
  }
}

function recordKey(payer: Hex): string {
  return `unpaid:${payer}`
}

function encodeDue(due: ReadonlyMap<string, number>): Uint8Array {
  return packRecords(
    [...due].map(([auction, dueMs]) => {
      const name = new TextEncoder().encode(auction)
      const bytes = new Uint8Array(TIME_BYTES + name.length)
      new DataView(bytes.buffer).setFloat64(0, dueMs)
      bytes.set(name, TIME_BYTES)
      return bytes
    }),
  )
}

/** Throws STORE_CORRUPT for bytes that are cut short. */
function decodeDue(bytes: Uint8Array): [string, number][] {
  return unpackRecords(bytes).map((part) => {
    const view = new DataView(part.buffer, part.byteOffset, part.byteLength)
    return [new TextDecoder().decode(part.subarray(TIME_BYTES)), view.getFloat64(0)]
  })
}
