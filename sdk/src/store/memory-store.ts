/**
 * A client store in memory. What it forgets on exit is learnt again from the providers' hellos: they
 * show the last voucher, which this payer's own signature proves.
 */
import { DuckMeshError } from '@duckmesh/protocols'
import type { Hex } from '@duckmesh/protocols'
import { isTerminal } from '@duckmesh/protocols/dispatch'
import type { JobLog, NewSegment, NonceStore } from '@duckmesh/protocols/dispatch'
import type { SegmentKey, SegmentPatch, SegmentRow } from '@duckmesh/protocols/dispatch'
import type { ChannelKey, ChannelRow, LedgerStore } from '@duckmesh/protocols/settlement'
import type { ServiceRow, ServiceStore } from '@duckmesh/protocols/settlement'
import { createMemoryTranscripts } from './transcripts.ts'
import type { TranscriptStore } from './transcripts.ts'

/** Segments kept; the oldest finished one goes first, so a long-lived page does not grow without end. */
const MAX_SEGMENTS = 1_000

/** What a client keeps of its jobs and money. */
export interface ClientStore {
  readonly ledger: LedgerStore
  readonly services: ServiceStore
  readonly jobs: JobLog
  readonly nonces: NonceStore
  readonly transcripts: TranscriptStore
  close(): Promise<void>
}

/** Empty stores; `nowMs` starts the order nonces, so that a later run does not reuse them. */
export function createMemoryStore(nowMs: number): ClientStore {
  return {
    ledger: new MemoryLedger(),
    services: new MemoryServices(),
    jobs: new MemoryJobLog(),
    nonces: new MemoryNonces(nowMs),
    transcripts: createMemoryTranscripts(),
    close: () => Promise.resolve(),
  }
}

class MemoryLedger implements LedgerStore {
  readonly #rows = new Map<string, ChannelRow>()

  loadChannel(key: ChannelKey): Promise<ChannelRow | undefined> {
    return Promise.resolve(this.#rows.get(`${key.payer}:${key.provider}`))
  }

  saveChannel(row: ChannelRow): Promise<void> {
    this.#rows.set(`${row.payer}:${row.provider}`, row)
    return Promise.resolve()
  }

  listChannels(): Promise<ChannelRow[]> {
    const byKey = [...this.#rows].sort(([a], [b]) => (a < b ? -1 : 1))
    return Promise.resolve(byKey.map(([, row]) => row))
  }
}

class MemoryServices implements ServiceStore {
  readonly #rows = new Map<string, ServiceRow>()

  loadService(key: ChannelKey): Promise<ServiceRow | undefined> {
    return Promise.resolve(this.#rows.get(`${key.payer}:${key.provider}`))
  }

  saveService(row: ServiceRow): Promise<void> {
    this.#rows.set(`${row.payer}:${row.provider}`, row)
    return Promise.resolve()
  }

  listServices(): Promise<ServiceRow[]> {
    const byKey = [...this.#rows].sort(([a], [b]) => (a < b ? -1 : 1))
    return Promise.resolve(byKey.map(([, row]) => row))
  }
}

class MemoryJobLog implements JobLog {
  readonly #rows = new Map<string, SegmentRow>()

  insertSegment(row: NewSegment): Promise<void> {
    const key = keyOf(row)
    if (this.#rows.has(key)) {
      return Promise.reject(
        new DuckMeshError('SEGMENT_USED', 'The segment exists.', { jobId: row.jobId }),
      )
    }
    const { atMs, ...rest } = row
    const history = [{ state: row.state, atMs }]
    this.#rows.set(key, { ...rest, history, receipts: [], completionIds: [] })
    this.#trim()
    return Promise.resolve()
  }

  updateSegment(key: SegmentKey, patch: SegmentPatch): Promise<void> {
    const row = this.#rows.get(keyOf(key))
    if (row === undefined)
      return Promise.reject(new DuckMeshError('JOB_UNKNOWN', 'No such segment.'))
    this.#rows.set(keyOf(key), patched(row, patch))
    return Promise.resolve()
  }

  getSegment(key: SegmentKey): Promise<SegmentRow | undefined> {
    return Promise.resolve(this.#rows.get(keyOf(key)))
  }

  listSegments(filter: { states?: readonly string[]; jobId?: Hex } = {}): Promise<SegmentRow[]> {
    const { states, jobId } = filter
    const rows = [...this.#rows.values()]
    const wanted = rows.filter((row) => states?.includes(row.state) ?? true)
    return Promise.resolve(wanted.filter((row) => jobId === undefined || row.jobId === jobId))
  }

  forget(what: 'completionIds' | 'receipts', endedBeforeMs: number): Promise<number> {
    let changed = 0
    for (const [key, row] of this.#rows) {
      const endedAt = row.history.at(-1)?.atMs ?? 0
      if (!isTerminal(row.state) || endedAt >= endedBeforeMs || row[what].length === 0) continue
      this.#rows.set(key, { ...row, [what]: [] })
      changed += 1
    }
    return Promise.resolve(changed)
  }

  #trim(): void {
    if (this.#rows.size <= MAX_SEGMENTS) return
    for (const [key, row] of this.#rows) {
      if (!isTerminal(row.state)) continue
      this.#rows.delete(key)
      return
    }
  }
}

function patched(row: SegmentRow, patch: SegmentPatch): SegmentRow {
  const { enter, failure, ids, receipt, salt } = patch
  const enters = enter !== undefined && enter.state !== row.state
  return {
    ...row,
    ...(enters ? { state: enter.state, history: [...row.history, enter] } : {}),
    ...(failure === undefined ? {} : { failure }),
    ...(salt === undefined ? {} : { salt }),
    receipts: receipt === undefined ? row.receipts : [...row.receipts, receipt],
    completionIds: ids === undefined ? row.completionIds : [...row.completionIds, ...ids],
  }
}

class MemoryNonces implements NonceStore {
  readonly #first: number
  readonly #next = new Map<Hex, number>()

  constructor(first: number) {
    this.#first = first
  }

  nextNonce(payer: Hex): Promise<number> {
    const nonce = this.#next.get(payer) ?? this.#first
    this.#next.set(payer, nonce + 1)
    return Promise.resolve(nonce)
  }
}

function keyOf(key: SegmentKey): string {
  return `${key.jobId}:${key.segment}`
}
