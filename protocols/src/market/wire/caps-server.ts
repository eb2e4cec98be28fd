import { capsFrameCodec } from '@duckmesh/proto'
import { DuckMeshError } from '../../errors.ts'
import { RateLimit, acceptSession, codedError, frameStream } from '../../mesh/index.ts'
import { CAPS_BURST, CAPS_RATE_PER_S } from '../constants.ts'
import type { Logger } from '../../components.ts'
import type { FrameStream, SessionComponents } from '../../mesh/index.ts'
import type { Load } from '../interface.ts'
import type { CapsFrame, CapsRequest, CapsResponse, Envelope, Hello } from '@duckmesh/proto'
import type { Connection, Stream } from '@libp2p/interface'

export interface CapsServerComponents extends SessionComponents {
  logger: Logger
  /** Hello of this peer, with its binding. */
  hello: () => Hello
  /** How busy it is now. */
  load: () => Load
  /** Its latest offer as gossiped: `OfferPublisher.record`. */
  record: () => Envelope | undefined
}

/** Answers what a provider offers and how busy it is (K-20 to K-22); anybody may ask, within a quota. */
export class CapsServer {
  readonly #components: CapsServerComponents
  readonly #quota = new RateLimit({ ratePerS: CAPS_RATE_PER_S, burst: CAPS_BURST })

  constructor(components: CapsServerComponents) {
    this.#components = components
  }

  /** Handler for `libp2p.handle(CAPS_PROTOCOL, …)`; resolves when the stream is over and never rejects. */
  readonly handle = async (stream: Stream, connection: Connection): Promise<void> => {
    const { clock, logger } = this.#components
    try {
      const { remotePeer } = connection
      const frames = frameStream({ stream, remotePeer, codec: capsFrameCodec, clock })
      await this.#serve(frames)
    } catch (error) {
      const coded = codedError(error, 'STREAM_CLOSED', 'The caps stream broke.')
      logger.debug('market.caps_ended', { code: coded.code })
      stream.abort(coded)
    }
  }

  async #serve(frames: FrameStream<CapsFrame>): Promise<void> {
    const { hello } = this.#components
    await acceptSession(frames, () => hello(), this.#components, { expect: 'none' })
    for await (const frame of frames) {
      if (frame.kind !== 'request') {
        throw new DuckMeshError('UNEXPECTED_FRAME', 'Only requests follow the hello.')
      }
      if (!this.#quota.take(frames.remoteKey, this.#components.clock.now())) {
        throw new DuckMeshError('RATE_LIMITED', 'Too many caps requests.')
      }
      await frames.send({ kind: 'response', response: this.#answer(frame.request) })
    }
    await frames.close()
  }

  #answer(request: CapsRequest): CapsResponse {
    const record = request.withRecord ? this.#components.record() : undefined
    return { id: request.id, ...this.#components.load(), ...(record ? { record } : {}) }
  }
}
