/** What a holder answers to one request; nothing here knows of streams. */
import { limits } from '@duckmesh/proto'
import type { FetchFrame, Hex } from '@duckmesh/proto'
import type { Clock, Logger } from '../../components.ts'
import { codedError, withDeadline } from '../../mesh/index.ts'
import { ANSWER_MS, LIST_WAIT_MS, MAX_BLOB_BYTES, MAX_PACE_MS } from '../constants.ts'
import type { BlobSource, FetchAnswer, Sha256 } from '../interface.ts'
import { Pacer } from '../pacer.ts'
import type { PaceLimit } from '../pacer.ts'
import { PieceLists } from '../piece-lists.ts'
import { HASH_BYTES } from '../pieces.ts'

export interface FetchResponderComponents {
  source: BlobSource
  sha256: Sha256
  clock: Clock
  logger: Logger
}

export interface FetchRates {
  caller: PaceLimit
  total: PaceLimit
}

/** Key of the bucket that all callers share. */
const ALL = 'all'

type Request = Exclude<FetchFrame, FetchAnswer | { kind: 'hello' }>
type Answered = FetchAnswer | Promise<FetchAnswer>

export class FetchResponder {
  readonly #components: FetchResponderComponents
  readonly #lists: PieceLists
  readonly #caller: Pacer
  readonly #total: Pacer

  constructor(components: FetchResponderComponents, rates: FetchRates) {
    this.#components = components
    this.#lists = new PieceLists(components)
    this.#caller = new Pacer(rates.caller)
    this.#total = new Pacer(rates.total)
  }

  /** The answer to a request; undefined for a frame that is none. Never rejects: what fails is refused. */
  answer(frame: FetchFrame, caller: Hex): Promise<FetchAnswer | undefined> {
    switch (frame.kind) {
      case 'manifestRequest':
        return this.#orRefusal(frame.manifestRequest.id, () => this.#manifest(frame, caller))
      case 'piecesRequest':
        return this.#orRefusal(frame.piecesRequest.id, () => this.#pieces(frame, caller))
      case 'blockRequest':
        return this.#orRefusal(frame.blockRequest.id, () => this.#block(frame, caller))
      default:
        return Promise.resolve(undefined)
    }
  }

  async #orRefusal(id: number, answer: () => Answered): Promise<FetchAnswer> {
    try {
      return await answer()
    } catch (error) {
      const { code } = codedError(error, 'INTERNAL', 'The store failed.')
      this.#components.logger.warn('fetch.not_answered', { code, error })
      return refused(id, code)
    }
  }

  async #manifest(frame: RequestOf<'manifestRequest'>, caller: Hex): Promise<FetchAnswer> {
    const { id, modelId, offset } = frame.manifestRequest
    const whole = await this.#read(this.#components.source.manifest(modelId))
    if (whole === undefined || whole.length === 0) return refused(id, 'NO_HOLDERS')
    if (offset >= whole.length) return refused(id, 'FIELD_OUT_OF_RANGE')
    const bytes = whole.subarray(offset, offset + limits.MAX_BLOCK_BYTES)
    if (!(await this.#paced(caller, bytes.length))) return refused(id, 'RATE_LIMITED')
    return { kind: 'manifestPart', manifestPart: { id, size: whole.length, bytes } }
  }

  async #pieces(frame: RequestOf<'piecesRequest'>, caller: Hex): Promise<FetchAnswer> {
    const { from, id, sha256 } = frame.piecesRequest
    const name = sha256.slice(2)
    const size = await this.#read(this.#components.source.size(name))
    if (size === undefined) return refused(id, 'NO_HOLDERS')
    if (size > MAX_BLOB_BYTES) return refused(id, 'NOT_SUPPORTED')
    const all = await this.#soon(this.#lists.of(name, size))
    if (all === undefined) return refused(id, 'PROVIDER_BUSY')
    const hashes = all.subarray(from * HASH_BYTES, (from + limits.MAX_PIECE_HASHES) * HASH_BYTES)
    if (hashes.length === 0) return refused(id, 'FIELD_OUT_OF_RANGE')
    if (!(await this.#paced(caller, hashes.length))) return refused(id, 'RATE_LIMITED')
    return { kind: 'pieceHashes', pieceHashes: { id, size, hashes } }
  }

  async #block(frame: RequestOf<'blockRequest'>, caller: Hex): Promise<FetchAnswer> {
    const { id, length, offset, sha256 } = frame.blockRequest
    const { source } = this.#components
    const size = await this.#read(source.size(sha256.slice(2)))
    if (size === undefined) return refused(id, 'NO_HOLDERS')
    if (offset + length > size) return refused(id, 'FIELD_OUT_OF_RANGE')
    if (!(await this.#paced(caller, length))) return refused(id, 'RATE_LIMITED')
    const bytes = await this.#read(source.read(sha256.slice(2), offset, length))
    return { kind: 'block', block: { id, bytes } }
  }

  /** Waits for the right to send; false when that would take too long, and then nothing is owed (F-30). */
  async #paced(caller: Hex, bytes: number): Promise<boolean> {
    const { clock } = this.#components
    const now = clock.now()
    const own = this.#caller.waitMs(caller, bytes, now)
    const waitMs = Math.max(own, this.#total.waitMs(ALL, bytes, now))
    if (waitMs > MAX_PACE_MS || !this.#caller.take(caller, bytes, now)) return false
    this.#total.take(ALL, bytes, now)
    if (waitMs > 0) await new Promise<void>((resolve) => void clock.after(waitMs, resolve))
    return true
  }

  /** Undefined when a large blob takes longer; it is hashed on, and a later request finds the list ready (F-34). */
  #soon<T>(work: Promise<T>): Promise<T | undefined> {
    const { clock } = this.#components
    return new Promise((resolve, reject) => {
      const stop = clock.after(LIST_WAIT_MS, () => {
        resolve(undefined)
      })
      work.finally(stop).then(resolve, reject)
    })
  }

  #read<T>(work: Promise<T>): Promise<T> {
    const { clock } = this.#components
    return withDeadline(work, { clock, ms: ANSWER_MS, what: 'The disk did not answer' })
  }
}

type RequestOf<K extends Request['kind']> = Extract<Request, { kind: K }>

function refused(id: number, code: string): FetchAnswer {
  return { kind: 'refusal', refusal: { id, code } }
}
