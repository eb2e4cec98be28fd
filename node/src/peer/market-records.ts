/** What the market keeps on disk, over the node's store. */
import type { Clock, ErrorCode } from '@duckmesh/protocols'
import type { EvidenceStore, RecordStore as MarketRecords } from '@duckmesh/protocols/market'
import { createHash } from 'node:crypto'
import type { RecordKind, RecordStore } from '../storage/index.ts'

/** Matches of a seat or bids of a provider, by key; synced before a frame that depends on them leaves. */
export class StoredRecords implements MarketRecords {
  readonly #records: RecordStore
  readonly #kind: RecordKind

  constructor(records: RecordStore, kind: RecordKind) {
    this.#records = records
    this.#kind = kind
  }

  /** `expiryMs` is its time stamp too: the housekeeper drops what is over. */
  save(key: string, body: Uint8Array, expiryMs: number): Promise<void> {
    return this.#records.put({ kind: this.#kind, key, body, atMs: expiryMs }, 'durable')
  }

  find(key: string): Promise<Uint8Array | undefined> {
    return this.#records.get(this.#kind, key)
  }
}

/** Proofs against others: signed messages that contradict each other, kept for a dispute. */
export class StoredEvidence implements EvidenceStore {
  readonly #clock: Clock
  readonly #records: RecordStore

  constructor(components: { clock: Clock; records: RecordStore }) {
    this.#clock = components.clock
    this.#records = components.records
  }

  /** Keeps each proof once: its name is a hash of what it holds. */
  async keep(code: ErrorCode, messages: readonly Uint8Array[]): Promise<void> {
    const hash = createHash('sha256')
    for (const message of messages) hash.update(message)
    const key = `${code}:${hash.digest('hex')}`
    const texts = messages.map((message) => Buffer.from(message).toString('base64'))
    const body = new TextEncoder().encode(JSON.stringify({ code, messages: texts }))
    const atMs = this.#clock.now()
    await this.#records.put({ kind: 'evidence', key, body, atMs }, 'durable')
  }
}
