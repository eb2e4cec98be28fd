/** Stores in memory that keep what a crash would keep: grouped writes are lost until they are flushed. */
import type { Hex } from '@duckmesh/proto'
import { isTerminal } from '../../src/dispatch/index.ts'
import type { Durability, JobLog, NewSegment, NonceStore } from '../../src/dispatch/index.ts'
import type { JobState, SegmentKey, SegmentPatch, SegmentRow } from '../../src/dispatch/index.ts'
import { DuckMeshError } from '../../src/errors.ts'
import type { ChannelKey, ChannelRow, LedgerStore } from '../../src/settlement/index.ts'

function diskFull(): DuckMeshError {
  return new DuckMeshError('STORE_CORRUPT', 'The disk is full.')
}

/** Writes in the order of the calls; held ones reach the disk with the next durable write or `flush`. */
class Disk<T> {
  readonly now = new Map<string, T>()
  /** What a restart finds. */
  readonly synced = new Map<string, T>()
  held = false
  failing = false
  #waiting: { name: string; value: T; done: () => void }[] = []

  write(name: string, value: T, level: Durability): Promise<void> {
    if (this.failing) return Promise.reject(diskFull())
    this.now.set(name, value)
    const done = new Promise<void>((resolve) => {
      this.#waiting.push({ name, value, done: resolve })
    })
    if (level === 'durable' || !this.held) this.flush()
    return done
  }

  flush(): void {
    for (const { name, value, done } of this.#waiting) {
      this.synced.set(name, value)
      done()
    }
    this.#waiting = []
  }

  restored(): Disk<T> {
    const disk = new Disk<T>()
    for (const [name, value] of this.synced) {
      disk.now.set(name, value)
      disk.synced.set(name, value)
    }
    return disk
  }
}

export class MemoryLedger implements LedgerStore {
  readonly disk: Disk<ChannelRow>
  /** Rows saved, in order, with their level. */
  readonly saves: { row: ChannelRow; level: Durability }[] = []

  constructor(disk = new Disk<ChannelRow>()) {
    this.disk = disk
  }

  async loadChannel({ payer, provider }: ChannelKey): Promise<ChannelRow | undefined> {
    if (this.disk.failing) throw diskFull()
    return this.disk.now.get(`${payer}:${provider}`)
  }

  saveChannel(row: ChannelRow, level: Durability): Promise<void> {
    this.saves.push({ row, level })
    return this.disk.write(`${row.payer}:${row.provider}`, row, level)
  }

  async listChannels(): Promise<ChannelRow[]> {
    return [...this.disk.now.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
  }

  /** The store as the next process finds it. */
  afterCrash(): MemoryLedger {
    return new MemoryLedger(this.disk.restored())
  }
}

function nameOf({ jobId, segment }: SegmentKey): string {
  return `${jobId}:${segment}`
}

export class MemoryJobLog implements JobLog {
  readonly disk: Disk<SegmentRow>

  constructor(disk = new Disk<SegmentRow>()) {
    this.disk = disk
  }

  async insertSegment(row: NewSegment, level: Durability): Promise<void> {
    const name = nameOf(row)
    if (this.disk.now.has(name)) {
      throw new DuckMeshError('SEGMENT_USED', 'The segment exists.', { jobId: row.jobId })
    }
    const { atMs, ...rest } = row
    const history = [{ state: row.state, atMs }]
    await this.disk.write(name, { ...rest, history, receipts: [], completionIds: [] }, level)
  }

  async updateSegment(key: SegmentKey, patch: SegmentPatch, level: Durability): Promise<void> {
    const row = this.disk.now.get(nameOf(key))
    if (row === undefined) throw new DuckMeshError('JOB_UNKNOWN', 'No such segment.')
    await this.disk.write(nameOf(key), patched(row, patch), level)
  }

  async getSegment(key: SegmentKey): Promise<SegmentRow | undefined> {
    return this.disk.now.get(nameOf(key))
  }

  async listSegments(
    filter: { states?: readonly JobState[]; jobId?: Hex } = {},
  ): Promise<SegmentRow[]> {
    return [...this.disk.now.values()]
      .filter((row) => filter.states?.includes(row.state) ?? true)
      .filter((row) => filter.jobId === undefined || row.jobId === filter.jobId)
  }

  async forget(what: 'completionIds' | 'receipts', endedBeforeMs: number): Promise<number> {
    const old = [...this.disk.now.entries()].filter(
      ([, row]) => isTerminal(row.state) && (row.history.at(-1)?.atMs ?? 0) < endedBeforeMs,
    )
    for (const [name, row] of old) await this.disk.write(name, { ...row, [what]: [] }, 'grouped')
    return old.length
  }

  afterCrash(): MemoryJobLog {
    return new MemoryJobLog(this.disk.restored())
  }
}

function patched(row: SegmentRow, patch: SegmentPatch): SegmentRow {
  const { enter } = patch
  const entered = enter === undefined || enter.state === row.state ? [] : [enter]
  return {
    ...row,
    state: enter?.state ?? row.state,
    history: [...row.history, ...entered],
    receipts: [...row.receipts, ...(patch.receipt === undefined ? [] : [patch.receipt])],
    completionIds: [...row.completionIds, ...(patch.ids ?? [])],
    ...(patch.salt === undefined ? {} : { salt: patch.salt }),
    ...(patch.failure === undefined ? {} : { failure: patch.failure }),
  }
}

export class MemoryNonces implements NonceStore {
  readonly #nonces = new Map<Hex, number>()

  async nextNonce(payer: Hex): Promise<number> {
    const nonce = (this.#nonces.get(payer) ?? 0) + 1
    this.#nonces.set(payer, nonce)
    return nonce
  }
}
