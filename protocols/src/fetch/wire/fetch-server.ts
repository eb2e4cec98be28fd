/** Serves models and blobs by hash to anybody, within quotas (F-1 to F-5, F-30 to F-34). */
import { fetchFrameCodec } from '@duckmesh/proto'
import type { FetchFrame, Hello, Hex } from '@duckmesh/proto'
import type { Connection, Stream } from '@libp2p/interface'
import { DuckMeshError } from '../../errors.ts'
import { RateLimit, acceptSession, codedError, frameStream } from '../../mesh/index.ts'
import { peerKeyOf, withDeadline } from '../../mesh/index.ts'
import type { FrameStream, SessionComponents } from '../../mesh/index.ts'
import * as defaults from '../constants.ts'
import { FetchResponder } from './fetch-responder.ts'
import type { FetchRates, FetchResponderComponents } from './fetch-responder.ts'

export interface FetchServerComponents extends SessionComponents, FetchResponderComponents {
  /** Hello of this peer, with its binding. */
  hello: () => Hello
}

/** Limits that are not the defaults of docs/spec/fetch.md. */
export interface FetchServerInit extends Partial<FetchRates> {
  requests?: { ratePerS: number; burst: number }
}

const RATES: FetchRates = {
  caller: { bytesPerS: defaults.CALLER_BYTES_PER_S, burst: defaults.CALLER_BURST_BYTES },
  total: { bytesPerS: defaults.TOTAL_BYTES_PER_S, burst: defaults.TOTAL_BURST_BYTES },
}

const REQUESTS = { ratePerS: defaults.REQUESTS_PER_S, burst: defaults.REQUEST_BURST }

export class FetchServer {
  readonly #components: FetchServerComponents
  readonly #responder: FetchResponder
  readonly #requests: RateLimit
  /** Streams being served, by caller. */
  readonly #open = new Map<Hex, number>()
  #streams = 0

  constructor(components: FetchServerComponents, init: FetchServerInit = {}) {
    this.#components = components
    this.#responder = new FetchResponder(components, { ...RATES, ...init })
    this.#requests = new RateLimit(init.requests ?? REQUESTS)
  }

  /** Handler for `libp2p.handle(FETCH_PROTOCOL, …)`; resolves when the stream is over and never rejects. */
  readonly handle = async (stream: Stream, connection: Connection): Promise<void> => {
    const { logger } = this.#components
    try {
      await this.#counted(stream, connection)
    } catch (error) {
      const coded = codedError(error, 'STREAM_CLOSED', 'The stream broke.')
      logger.debug('fetch.stream_ended', { code: coded.code })
      stream.abort(coded)
    }
  }

  /** Refuses a stream above the limits before anything of it is read (F-32). */
  async #counted(stream: Stream, connection: Connection): Promise<void> {
    const caller = peerKeyOf(connection.remotePeer)
    const open = this.#open.get(caller) ?? 0
    if (open >= defaults.MAX_CALLER_STREAMS || this.#streams >= defaults.MAX_STREAMS) {
      throw new DuckMeshError('RATE_LIMITED', 'Too many streams.')
    }
    this.#open.set(caller, open + 1)
    this.#streams++
    try {
      await this.#serve(stream, connection)
    } finally {
      this.#streams--
      const left = (this.#open.get(caller) ?? 1) - 1
      if (left > 0) this.#open.set(caller, left)
      else this.#open.delete(caller)
    }
  }

  async #serve(stream: Stream, { remotePeer }: Connection): Promise<void> {
    const { clock, hello } = this.#components
    const codec = fetchFrameCodec
    const frames: FrameStream<FetchFrame> = frameStream({ stream, remotePeer, codec, clock })
    await acceptSession(frames, () => hello(), this.#components, { expect: 'none' })
    const requests = frames[Symbol.asyncIterator]()
    for (;;) {
      const next = await this.#soon(requests.next(), 'No request')
      if (next.done === true) break
      if (!this.#requests.take(frames.remoteKey, clock.now())) {
        throw new DuckMeshError('RATE_LIMITED', 'Too many requests.')
      }
      const answer = await this.#responder.answer(next.value, frames.remoteKey)
      if (answer === undefined) {
        throw new DuckMeshError('UNEXPECTED_FRAME', 'Only requests follow the hello.')
      }
      await this.#soon(frames.send(answer), 'The caller did not read')
    }
    await frames.close()
  }

  /** A caller that is silent or does not read keeps no place (F-33). */
  #soon<T>(work: Promise<T>, what: string): Promise<T> {
    return withDeadline(work, { clock: this.#components.clock, ms: defaults.IDLE_MS, what })
  }
}
