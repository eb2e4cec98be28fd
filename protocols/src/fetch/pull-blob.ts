/** Fetches one blob, whoever lies and whoever goes away, as long as one honest holder stays (F-20 to F-23). */
import { GATHER_LISTS_MS, PIECE_BYTES } from './constants.ts'
import type { BlobRef, BlobSink, IncomingBlob } from './interface.ts'
import { PieceClaims } from './piece-claims.ts'
import type { PieceList } from './piece-claims.ts'
import { PieceRun } from './piece-run.ts'
import type { PieceRunComponents } from './piece-run.ts'
import { HASH_BYTES, sameBytes } from './pieces.ts'

export interface PullBlobComponents extends Omit<PieceRunComponents, 'claims'> {
  sink: Pick<BlobSink, 'partial'>
}

/** What is known of the bytes that are stored so far: hashes they have, or nothing, when another process stored them. */
type Prefix = Uint8Array | undefined

export class BlobPull {
  readonly #components: PullBlobComponents
  readonly #blob: BlobRef
  readonly #signal: AbortSignal
  readonly #claims: PieceClaims
  readonly #chosen = new Set<PieceList>()
  #prefix: Prefix

  constructor(components: PullBlobComponents, blob: BlobRef, signal: AbortSignal) {
    this.#components = components
    this.#blob = blob
    this.#signal = signal
    this.#claims = new PieceClaims(components, blob, signal)
  }

  /** Resolves when the store has the blob. Rejects as the store does, or with the reason of the signal. */
  async run(): Promise<void> {
    const { pool } = this.#components
    const unlisten = pool.listen(() => {
      this.#claims.ask()
    })
    try {
      for (let whole = false, first = true; !whole; first = false)
        whole = await this.#attempt(first)
    } finally {
      unlisten()
    }
  }

  /** True when the blob is there and right. */
  async #attempt(isFirst: boolean): Promise<boolean> {
    const { onStored, sink } = this.#components
    const { sha256, size } = this.#blob
    const into = await sink.partial(sha256, size)
    try {
      if (isFirst) {
        onStored(into.have)
        this.#prefix = into.have === 0 ? new Uint8Array() : undefined
      }
      const list = size === into.have ? undefined : await this.#choose()
      if (list !== undefined && !(await this.#fill(into, list))) return false
      return await this.#finish(into, list)
    } finally {
      await into.close()
    }
  }

  /** False when this list leads no further, or not from the bytes that are stored. */
  async #fill(into: IncomingBlob, list: PieceList): Promise<boolean> {
    if (!this.#fits(list)) {
      await this.#discard(into)
      return false
    }
    const init = { blob: this.#blob, list, into, signal: this.#signal }
    const whole = await new PieceRun({ ...this.#components, claims: this.#claims }, init).run()
    if (this.#prefix !== undefined) {
      const pieces = Math.ceil(into.have / PIECE_BYTES)
      this.#prefix = list.hashes.slice(0, pieces * HASH_BYTES)
    }
    return whole
  }

  /** Whether the bytes stored under an earlier list are also those of this one. */
  #fits({ hashes }: PieceList): boolean {
    return (
      this.#prefix === undefined || sameBytes(this.#prefix, hashes.slice(0, this.#prefix.length))
    )
  }

  async #finish(into: IncomingBlob, list: PieceList | undefined): Promise<boolean> {
    const had = into.have
    try {
      await into.finish()
      return true
    } catch (error) {
      if (codeOf(error) !== 'MODEL_CORRUPT') throw error
      this.#components.onStored(-had)
      // Bytes of an earlier process may be to blame as well; then the next attempt, from nothing, tells.
      if (this.#prefix !== undefined && list !== undefined) this.#claims.refute(list)
      this.#prefix = new Uint8Array()
      return false
    }
  }

  /** A store removes what does not have the hash. */
  async #discard(into: IncomingBlob): Promise<void> {
    this.#components.onStored(-into.have)
    this.#prefix = new Uint8Array()
    await into.finish().catch(() => undefined)
  }

  /** The list that most holders tell, once they had the time to tell it. */
  #choose(): Promise<PieceList> {
    const { clock, pool } = this.#components
    return new Promise((resolve, reject) => {
      let sinceMs: number | undefined
      const look = (): void => {
        if (this.#signal.aborted) {
          end()
          reject(this.#signal.reason as Error)
          return
        }
        this.#claims.ask()
        const [best] = this.#claims.lists()
        if (best === undefined) return
        if (sinceMs === undefined) pool.later(GATHER_LISTS_MS)
        sinceMs ??= clock.now()
        if (this.#claims.pending && clock.now() - sinceMs < GATHER_LISTS_MS) return
        end()
        // Whoever told it gets the time to answer, however long others had none.
        if (!this.#chosen.has(best)) this.#components.onAnswer()
        this.#chosen.add(best)
        resolve(best)
      }
      const unlisten = pool.listen(look)
      const end = (): void => {
        unlisten()
        this.#signal.removeEventListener('abort', look)
      }
      this.#signal.addEventListener('abort', look, { once: true })
      look()
    })
  }
}

/** Codes of a store's own errors are not all in the registry of this package. */
function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
