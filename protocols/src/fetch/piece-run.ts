/** Fetches the pieces of one blob from all who told the same list, and stores them in order. */
import { DuckMeshError } from '../errors.ts'
import type { Clock } from '../components.ts'
import { askPiece, judge, lied } from './ask-holder.ts'
import {
  LEAVE_AFTER_FAILURES,
  PIECES_PER_HOLDER,
  PIECE_BYTES,
  SLOW_PIECE_MS,
  STEAL_AFTER_MS,
} from './constants.ts'
import type { Holder } from './holder-pool.ts'
import type { BlobRef, IncomingBlob } from './interface.ts'
import type { PieceClaims, PieceClaimsComponents, PieceList } from './piece-claims.ts'
import { hashAt, pieceCount, sameBytes } from './pieces.ts'
import { PieceWindow } from './piece-window.ts'
import type { PieceFetch } from './piece-window.ts'

export interface PieceRunComponents extends PieceClaimsComponents {
  claims: Pick<PieceClaims, 'lists'>
  clock: Clock
  /** Called with the bytes that were stored. */
  onStored: (bytes: number) => void
}

export interface PieceRunInit {
  blob: BlobRef
  list: PieceList
  into: IncomingBlob
  signal: AbortSignal
}

export class PieceRun {
  readonly #components: PieceRunComponents
  readonly #init: PieceRunInit
  readonly #window: PieceWindow
  #storing = false
  #lastStored: Promise<void> = Promise.resolve()
  #settle: { resolve: (whole: boolean) => void; reject: (error: unknown) => void } | undefined

  constructor(components: PieceRunComponents, init: PieceRunInit) {
    this.#components = components
    this.#init = init
    const first = Math.floor(init.into.have / PIECE_BYTES)
    this.#window = new PieceWindow(first, pieceCount(init.blob.size))
  }

  /**
   * Resolves to true when every piece is stored, to false when nobody who told this list is left. Rejects when the
   * store does, or with the reason of the signal.
   */
  async run(): Promise<boolean> {
    const { pool } = this.#components
    const { signal } = this.#init
    const settled = new Promise<boolean>((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
    const onAbort = (): void => {
      this.#settle?.reject(signal.reason)
    }
    const unlisten = pool.listen(this.pump)
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    this.pump()
    try {
      return await settled
    } finally {
      this.#settle = undefined
      unlisten()
      signal.removeEventListener('abort', onAbort)
      this.#window.stopAll()
      await this.#lastStored
    }
  }

  /** Gives every holder of the list something to do. */
  readonly pump = (): void => {
    if (this.#settle === undefined) return
    if (this.#window.done) {
      this.#settle.resolve(true)
      return
    }
    const { pool } = this.#components
    const { blob, list } = this.#init
    for (const holder of pool.ready(blob.sha256))
      if (list.claimants.has(holder)) this.#employ(holder)
    if (!this.#storing && this.#isStuck()) this.#settle.resolve(false)
  }

  /**
   * Nobody who told the list is left, or they failed again and again while others, who told another one, are ready.
   * One failure is no reason to leave: what is stored may not fit the other list.
   */
  #isStuck(): boolean {
    const { claims, pool } = this.#components
    const { blob, list } = this.#init
    const left = [...list.claimants].filter((holder) => pool.usable(holder, blob.sha256))
    if (left.some(({ failures }) => failures < LEAVE_AFTER_FAILURES)) return false
    const [best] = claims.lists()
    if (best === undefined) return left.length === 0 && this.#window.fetching === 0
    return best !== list
  }

  #employ(holder: Holder): void {
    const { clock } = this.#components
    const most = holder.slow ? 1 : PIECES_PER_HOLDER
    while (holder.busy < most) {
      const index = this.#window.pick(holder, clock.now())
      if (index === undefined) return
      holder.busy++
      const fetch = this.#window.start(holder, index, clock.now())
      void this.#fetch(fetch).finally(() => {
        holder.busy--
        this.#window.ended(fetch)
        this.pump()
      })
    }
  }

  /** Never rejects. */
  async #fetch(fetch: PieceFetch): Promise<void> {
    const { clock, pool } = this.#components
    const { blob, signal } = this.#init
    const { holder, index, startedMs, stop } = fetch
    // By then somebody who is idle may take the piece over.
    pool.later(STEAL_AFTER_MS)
    try {
      const either = AbortSignal.any([signal, stop.signal])
      const bytes = await askPiece(this.#components, holder, blob, index, either)
      await this.#verify(index, bytes)
      pool.succeeded(holder)
      holder.slow = clock.now() - startedMs > SLOW_PIECE_MS
      this.#window.arrived(index, bytes)
      if (!this.#storing) this.#lastStored = this.#store()
    } catch (error) {
      if (!signal.aborted && !stop.signal.aborted) judge(pool, holder, error, blob.sha256)
    }
  }

  /** A holder is bound by the list that it told: another hash is its own contradiction. */
  async #verify(index: number, bytes: Uint8Array): Promise<void> {
    const hash = await this.#components.sha256(bytes)
    if (!sameBytes(hash, hashAt(this.#init.list.hashes, index))) {
      throw lied(`It sent a wrong piece ${String(index)}`)
    }
  }

  /** Stores what is there in order, one at a time. */
  async #store(): Promise<void> {
    this.#storing = true
    try {
      for (let head = this.#window.head(); head !== undefined; head = this.#window.head()) {
        if (this.#settle === undefined) return
        await this.#append(head)
        this.#window.advance()
      }
    } catch (error) {
      this.#settle?.reject(error)
    } finally {
      this.#storing = false
    }
    this.pump()
  }

  /** Without what an earlier process stored of this piece already. */
  async #append(piece: Uint8Array): Promise<void> {
    const { into } = this.#init
    const start = this.#window.next * PIECE_BYTES
    const rest = piece.subarray(into.have - start)
    if (into.have < start) throw new DuckMeshError('INTERNAL', 'The store lost bytes of a blob.')
    if (rest.length > 0) await into.append(rest)
    this.#components.onStored(rest.length)
  }
}
