/** The client's end of the market protocol to one seat: one long-lived stream, many auctions (K-70). */
import { isErrorCode } from '../../error-codes.ts'
import { DuckMeshError } from '../../errors.ts'
import { MarketLink } from './market-link.ts'
import { CLIENT_INBOUND_BURST, CLIENT_INBOUND_PER_S, MAX_CLIENT_AUCTIONS } from '../constants.ts'
import { RateLimit } from '../../mesh/index.ts'
import type { Clock, Logger } from '../../components.ts'
import type { Session } from '../../mesh/index.ts'
import type { HeaderRun, SeatSession } from './client-ports.ts'
import type {
  AuctionRef,
  Envelope,
  HeaderAck,
  Hex,
  MatchFrame,
  MarketFrame,
  MarketRefuse,
  Openings,
} from '@duckmesh/proto'

interface Waiting {
  ack: PromiseWithResolvers<HeaderAck>
  match: PromiseWithResolvers<MatchFrame>
}

export class MarketConnection implements SeatSession {
  /** Who signs for the seat, by its hello. */
  readonly operator: Hex
  readonly #link: MarketLink
  readonly #logger: Logger
  readonly #waiting = new Map<string, Waiting>()
  #ended = false

  /** Throws BINDING_MISMATCH when the remote is no staked peer. */
  constructor(components: { clock: Clock; logger: Logger }, session: Session<MarketFrame>) {
    const { operator } = session.remote
    if (operator === undefined) {
      throw new DuckMeshError('BINDING_MISMATCH', 'The remote peer showed no operator binding.')
    }
    this.operator = operator
    this.#logger = components.logger
    this.#link = new MarketLink(components, session)
    this.#link.keepOpen()
    const quota = new RateLimit({ ratePerS: CLIENT_INBOUND_PER_S, burst: CLIENT_INBOUND_BURST })
    void this.#link.read(quota, (frame) => this.#onFrame(frame)).then(() => this.#end())
  }

  get closed(): boolean {
    return this.#ended || this.#link.closed
  }

  /** Sends a sealed header; of one auction at a time. */
  header(envelope: Envelope, ref: AuctionRef): HeaderRun {
    const waiting: Waiting = { ack: Promise.withResolvers(), match: Promise.withResolvers() }
    // Who waits for one of the two need not look at the other.
    waiting.ack.promise.catch(() => undefined)
    waiting.match.promise.catch(() => undefined)
    const key = keyOf(ref)
    this.#fail(key, new DuckMeshError('CANCELLED', 'The header was sent again.'))
    if (this.closed) reject(waiting, streamClosed())
    else if (this.#waiting.size >= MAX_CLIENT_AUCTIONS) {
      reject(waiting, new DuckMeshError('RATE_LIMITED', 'Too many auctions run at this seat.'))
    } else {
      this.#waiting.set(key, waiting)
      this.#link.send({ kind: 'header', header: envelope })
    }
    const cancel = (): void => {
      if (this.#waiting.get(key) === waiting) this.#waiting.delete(key)
    }
    return { ack: waiting.ack.promise, match: waiting.match.promise, cancel }
  }

  /** Opens the bids and pays the seat. Rejects with STREAM_CLOSED when the stream is gone. */
  async openings(openings: Openings): Promise<void> {
    if (this.closed) throw streamClosed()
    this.#link.send({ kind: 'openings', openings })
  }

  close(): Promise<void> {
    return this.#link.close()
  }

  async #onFrame(frame: MarketFrame): Promise<void> {
    switch (frame.kind) {
      case 'ack':
        this.#waiting.get(keyOf(frame.ack))?.ack.resolve(frame.ack)
        return
      case 'match':
        this.#matched(frame.match)
        return
      case 'refuse':
        this.#refused(frame.refuse)
        return
      default:
        throw new DuckMeshError('UNEXPECTED_FRAME', `A seat sent ${frame.kind}.`)
    }
  }

  #matched(match: MatchFrame): void {
    const key = keyOf(match.set.match.match)
    this.#waiting.get(key)?.match.resolve(match)
    this.#waiting.delete(key)
  }

  /** Openings are refused the same way, after the auction is forgotten. */
  #refused(refuse: MarketRefuse): void {
    const code = isErrorCode(refuse.code) ? refuse.code : 'SEATS_UNREACHABLE'
    const key = keyOf(refuse)
    if (!this.#waiting.has(key)) {
      this.#logger.debug('market.openings_refused', { code, jobId: refuse.jobId })
    }
    this.#fail(key, new DuckMeshError(code, 'A seat refused the job header.'))
  }

  #fail(key: string, error: DuckMeshError): void {
    const waiting = this.#waiting.get(key)
    this.#waiting.delete(key)
    if (waiting !== undefined) reject(waiting, error)
  }

  #end(): void {
    this.#ended = true
    for (const key of [...this.#waiting.keys()]) this.#fail(key, streamClosed())
  }
}

function keyOf({ jobId, attempt }: AuctionRef): string {
  return `${jobId}:${attempt}`
}

function reject(waiting: Waiting, error: DuckMeshError): void {
  waiting.ack.reject(error)
  waiting.match.reject(error)
}

function streamClosed(): DuckMeshError {
  return new DuckMeshError('STREAM_CLOSED', 'The stream to the seat is closed.')
}
