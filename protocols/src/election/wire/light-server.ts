/** What a peer tells clients that join no gossip: who has the seats; and it gossips their headers (M-84 to M-86). */
import { lightFrameCodec, limits } from '@duckmesh/proto'
import type { Envelope, Hex, LightFrame, SeatInfo, TurnSeats } from '@duckmesh/proto'
import type { Connection, Stream } from '@libp2p/interface'
import type { ErrorCode } from '../../error-codes.ts'
import { toDuckMeshError } from '../../errors.ts'
import { QueryServer, RateLimit } from '../../mesh/index.ts'
import type { QueryServerComponents } from '../../mesh/index.ts'
import type { SeatView } from '../interface.ts'
import type { TurnId } from '../turn-id.ts'
import type { SeatWatch } from '../seat-watch.ts'
import {
  FORWARD_BURST,
  FORWARD_RATE_PER_S,
  LIGHT_BURST,
  LIGHT_RATE_PER_S,
  NEVER_HEARD_MS,
} from './constants.ts'

/** Which peer acts for an owner, by bindings, and where it listens. */
export interface SeatDirectory {
  peerOf(owner: Hex): Promise<{ peerKey: Hex; addresses: readonly string[] } | undefined>
}

export interface LightServerComponents extends QueryServerComponents {
  view: SeatView
  watch: Pick<SeatWatch, 'silentMs'>
  /** Knows this host's own peer too. */
  directory: SeatDirectory
  /** Owner that this host serves for: it does not hear its own heartbeats (M-78). */
  self?: Hex | undefined
  /**
   * Judges a header as gossip would and publishes it: `GossipDriver.forward`. Absent on a host outside gossip.
   * Rejects with a DuckMeshError.
   */
  forward?: ((header: Envelope, caller: Hex) => Promise<void>) | undefined
}

export class LightServer {
  /** Handler for `libp2p.handle(LIGHT_PROTOCOL, …)`; resolves when the stream is over and never rejects. */
  readonly handle: (stream: Stream, connection: Connection) => Promise<void>
  readonly #components: LightServerComponents
  readonly #forwards = new RateLimit({ ratePerS: FORWARD_RATE_PER_S, burst: FORWARD_BURST })

  constructor(components: LightServerComponents) {
    this.#components = components
    const server = new QueryServer<LightFrame>(components, {
      codec: lightFrameCodec,
      expect: 'any',
      quota: new RateLimit({ ratePerS: LIGHT_RATE_PER_S, burst: LIGHT_BURST }),
      ended: 'election.light_ended',
      answer: (frame, caller) => this.#answer(frame, caller),
    })
    this.handle = server.handle
  }

  async #answer(frame: LightFrame, caller: Hex): Promise<LightFrame | undefined> {
    if (frame.kind === 'seatsRequest') {
      const { id, shard } = frame.seatsRequest
      return { kind: 'seatsResponse', seatsResponse: { id, turns: await this.#turns(shard) } }
    }
    if (frame.kind === 'forward') {
      const { id, header } = frame.forward
      return {
        kind: 'forwardResult',
        forwardResult: { id, code: await this.#forward(header, caller) },
      }
    }
    return undefined
  }

  /** M-85: this turn and the next, without one that the chain view cannot tell. */
  async #turns(shard: number): Promise<TurnSeats[]> {
    const { logger, view } = this.#components
    const now = view.turnClock.now()
    const turns: TurnSeats[] = []
    for (const id of [now, view.turnClock.next(now)]) {
      try {
        turns.push(await this.#turn(shard, id, await view.seats(shard, id)))
      } catch (error) {
        logger.debug('election.seats_unknown', { shard, ...id, error })
      }
    }
    return turns
  }

  /** Seats by rank; one whose peer is not known here is left to be told by others. */
  async #turn(shard: number, id: TurnId, owners: readonly Hex[]): Promise<TurnSeats> {
    const { epoch, turn } = id
    const seats = await Promise.all(owners.map((owner) => this.#seat(shard, owner)))
    return { epoch, turn, seats: seats.flat() }
  }

  async #seat(shard: number, owner: Hex): Promise<SeatInfo[]> {
    const { directory, self, watch } = this.#components
    const peer = await directory.peerOf(owner)
    if (peer === undefined) return []
    const heard = owner === self ? 0 : watch.silentMs(shard, owner)
    const silentMs = heard === undefined ? NEVER_HEARD_MS : Math.min(heard, NEVER_HEARD_MS - 1)
    return [{ owner, peerKey: peer.peerKey, addresses: tellable(peer.addresses), silentMs }]
  }

  /** M-86: the code of the refusal; empty when the mesh has the header. */
  async #forward(header: Envelope, caller: Hex): Promise<ErrorCode | ''> {
    const { clock, forward } = this.#components
    if (forward === undefined) return 'NOT_SUPPORTED'
    if (!this.#forwards.take(caller, clock.now())) return 'RATE_LIMITED'
    try {
      await forward(header, caller)
      return ''
    } catch (error) {
      const { code } = toDuckMeshError(error)
      // Another peer was faster: gossip brought it here before.
      return code === 'ENVELOPE_REPLAYED' ? '' : code
    }
  }
}

/** Addresses that fit the wire format; a longer one is no loss, they are hints. */
function tellable(addresses: readonly string[]): string[] {
  return addresses
    .filter(({ length }) => length > 0 && length <= limits.MAX_ADDRESS_BYTES)
    .slice(0, limits.MAX_ADDRESSES)
}
