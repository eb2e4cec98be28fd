/** Writes what is new of a segment to its row, in order. */
import type { Hex } from '@duckmesh/proto'
import type { JobFailure } from '../interface.ts'
import type { Progress } from '../progress.ts'
import type { Durability, JobLog, SegmentKey, SegmentPatch, StateAt } from '../store.ts'

interface Written {
  history: readonly StateAt[]
  progress: Progress
  /** Redundant mode only. */
  salt?: Hex
  failure?: JobFailure
}

export class SegmentWriter {
  readonly #jobLog: JobLog
  readonly #key: SegmentKey
  /** The row was inserted with the first entry of the history. */
  #entered = 1
  #ids = 0
  #salted = false

  constructor(jobLog: JobLog, key: SegmentKey) {
    this.#jobLog = jobLog
    this.#key = key
  }

  /**
   * Writes states, ids, salt and failure since the last call, and a receipt when given. All calls to the log are
   * made before the first wait, because two writes may be under way and the last state must come last.
   */
  async write(segment: Written, level: Durability, receipt?: Uint8Array): Promise<void> {
    const enters = segment.history.slice(this.#entered)
    const ids = segment.progress.ids.slice(this.#ids)
    this.#entered = segment.history.length
    this.#ids = segment.progress.ids.length
    const salt = this.#salted ? undefined : segment.salt
    this.#salted ||= salt !== undefined
    const rest: SegmentPatch = {
      ...(ids.length === 0 ? {} : { ids }),
      ...(receipt === undefined ? {} : { receipt }),
      ...(salt === undefined ? {} : { salt }),
      ...(segment.failure === undefined ? {} : { failure: segment.failure }),
    }
    const patches: SegmentPatch[] = enters.map((enter) => ({ enter }))
    // With the content before the states: a row that says `finalized` has its last receipt.
    if (Object.keys(rest).length > 0) patches.unshift(rest)
    await Promise.all(patches.map((patch) => this.#jobLog.updateSegment(this.#key, patch, level)))
  }
}
