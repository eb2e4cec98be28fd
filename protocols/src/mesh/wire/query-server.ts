/** Answers questions on streams, in order and within a quota (M-82). */
import { DuckMeshError } from '../../errors.ts'
import { codedError } from '../coded-error.ts'
import { frameStream } from './frame-stream.ts'
import { acceptSession } from './session.ts'
import type { Logger } from '../../components.ts'
import type { HelloRole } from '../hello.ts'
import type { RateLimit } from '../rate-limit.ts'
import type { HelloFrame, SessionComponents } from './session.ts'
import type { Codec, Hello, Hex } from '@duckmesh/proto'
import type { Connection, Stream } from '@libp2p/interface'

export interface QueryServerComponents extends SessionComponents {
  logger: Logger
  /** Hello of this peer, with its binding. */
  hello: () => Hello
}

export interface QueryService<F extends { kind: string }> {
  codec: Codec<F | HelloFrame>
  /** Binding that a caller must show. */
  expect: HelloRole
  /** Questions per caller; who asks more loses its stream. */
  quota: RateLimit
  /** The answer; undefined for a frame that is no question, which ends the stream. */
  answer(frame: F | HelloFrame, caller: Hex): F | undefined | Promise<F | undefined>
  /** Event of the log when a stream broke. */
  ended: string
}

/**
 * Answers questions on streams, one at a time and in order (M-82): a caller that asks faster than it is answered
 * is held back by the stream, so that nothing piles up here.
 */
export class QueryServer<F extends { kind: string }> {
  readonly #components: QueryServerComponents
  readonly #service: QueryService<F>

  constructor(components: QueryServerComponents, service: QueryService<F>) {
    this.#components = components
    this.#service = service
  }

  /** Handler for `libp2p.handle(…)`; resolves when the stream is over and never rejects. */
  readonly handle = async (stream: Stream, connection: Connection): Promise<void> => {
    const { logger } = this.#components
    try {
      await this.#serve(stream, connection)
    } catch (error) {
      const coded = codedError(error, 'STREAM_CLOSED', 'The stream broke.')
      logger.debug(this.#service.ended, { code: coded.code })
      stream.abort(coded)
    }
  }

  async #serve(stream: Stream, { remotePeer }: Connection): Promise<void> {
    const { clock, hello } = this.#components
    const { codec, expect, quota } = this.#service
    const frames = frameStream({ stream, remotePeer, codec, clock })
    await acceptSession<F>(frames, () => hello(), this.#components, { expect })
    for await (const frame of frames) {
      if (!quota.take(frames.remoteKey, clock.now())) {
        throw new DuckMeshError('RATE_LIMITED', 'Too many questions.')
      }
      const answered = await this.#service.answer(frame, frames.remoteKey)
      if (answered === undefined) {
        throw new DuckMeshError('UNEXPECTED_FRAME', 'Only questions follow the hello.')
      }
      await frames.send(answered)
    }
    await frames.close()
  }
}
