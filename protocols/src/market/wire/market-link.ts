/** One market stream of a node after its hellos: sends in order, reads within limits (K-72). */
import { DuckMeshError, toDuckMeshError } from '../../errors.ts'
import { MARKET_PING_MS, MARKET_SEND_TIMEOUT_MS, MAX_FRAMES_IN_WORK } from '../constants.ts'
import type { Clock, Logger } from '../../components.ts'
import type { RateLimit, Session } from '../../mesh/index.ts'
import type { Outlet } from './outlet.ts'
import type { Hex, MarketFrame } from '@duckmesh/proto'

let links = 0

export class MarketLink implements Outlet {
  readonly id: string = `link ${++links}`
  readonly remoteKey: Hex
  readonly #components: { clock: Clock; logger: Logger }
  readonly #session: Session<MarketFrame>
  readonly #working = new Set<Promise<void>>()
  #stopPing: () => void = () => undefined
  #pings = 0

  constructor(components: { clock: Clock; logger: Logger }, session: Session<MarketFrame>) {
    this.#components = components
    this.#session = session
    this.remoteKey = session.stream.remoteKey
  }

  get closed(): boolean {
    return this.#session.stream.closed
  }

  /** Never rejects. A remote that does not read loses the stream. */
  send(frame: MarketFrame): void {
    const { clock, logger } = this.#components
    const { stream } = this.#session
    if (stream.closed) return
    const stopTimer = clock.after(MARKET_SEND_TIMEOUT_MS, () => {
      stream.abort(new DuckMeshError('TIMED_OUT', 'The remote takes no more frames.'))
    })
    stream
      .send(frame)
      .catch((error: unknown) => {
        const { code } = toDuckMeshError(error, 'STREAM_CLOSED')
        logger.debug('market.frame_not_sent', { kind: frame.kind, code })
      })
      .finally(stopTimer)
  }

  /** Keeps the stream open from this side: the dialler does it. */
  keepOpen(): void {
    this.#stopPing = this.#components.clock.after(MARKET_PING_MS, () => {
      this.send({ kind: 'ping', ping: { nonce: this.#pings++, pong: false } })
      this.keepOpen()
    })
  }

  /**
   * Reads until the stream ends, never rejects. Frames are worked on side by side, so that a slow one holds up
   * nobody else's auction; the reader waits when there are too many. `onFrame` throws to break the stream.
   */
  async read(quota: RateLimit, onFrame: (frame: MarketFrame) => Promise<void>): Promise<void> {
    const { clock, logger } = this.#components
    const { stream } = this.#session
    try {
      for await (const frame of stream) {
        if (!quota.take(this.remoteKey, clock.now())) {
          throw new DuckMeshError('RATE_LIMITED', 'Too many market frames.')
        }
        this.#work(frame, onFrame)
        while (this.#working.size >= MAX_FRAMES_IN_WORK) await Promise.race(this.#working)
      }
      await stream.close()
    } catch (error) {
      const coded = toDuckMeshError(error, 'STREAM_CLOSED')
      logger.debug('market.link_broke', { code: coded.code })
      stream.abort(coded)
    }
    this.#stopPing()
  }

  async close(): Promise<void> {
    this.#stopPing()
    await this.#session.stream.close()
  }

  #work(frame: MarketFrame, onFrame: (frame: MarketFrame) => Promise<void>): void {
    if (frame.kind === 'ping') {
      if (!frame.ping.pong) this.send({ kind: 'ping', ping: { ...frame.ping, pong: true } })
      return
    }
    const work: Promise<void> = onFrame(frame)
      .catch((error: unknown) => {
        const coded = toDuckMeshError(error)
        this.#components.logger.debug('market.frame_refused', {
          kind: frame.kind,
          code: coded.code,
        })
        this.#session.stream.abort(coded)
      })
      .finally(() => this.#working.delete(work))
    this.#working.add(work)
  }
}
