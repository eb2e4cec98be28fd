/** Market streams to seats, one per peer and kept warm: the next auction starts without a dial. */
import { marketFrameCodec } from '@duckmesh/protocols'
import type { ClientBinding, Clock, Logger, MarketFrame } from '@duckmesh/protocols'
import type { NetworkIdentity } from '@duckmesh/protocols'
import { MarketConnection } from '@duckmesh/protocols/market'
import type { SeatAddress, SeatSessions } from '@duckmesh/protocols/market'
import { MARKET_PROTOCOL, buildHello, frameStream, openSession } from '@duckmesh/protocols/mesh'
import { peerIdStringOf, requireProvider } from '@duckmesh/protocols/mesh'
import type { BindingBook, StakeView } from '@duckmesh/protocols/mesh'
import type { PeerId, PeerStore, Stream } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { ClientHost } from '../host/create-client-host.ts'
import { learnAddresses } from '../host/learn-addresses.ts'
import { WarmStreams } from '../host/warm-streams.ts'

export interface SeatStreamsComponents {
  host: Pick<ClientHost, 'dialProtocol'> & { peerStore: Pick<PeerStore, 'merge'> }
  bindings: BindingBook
  binding: () => Promise<ClientBinding>
  clock: Clock
  logger: Logger
  network: NetworkIdentity
  stake: StakeView
}

export class SeatStreams implements SeatSessions {
  readonly #components: SeatStreamsComponents
  readonly #streams: WarmStreams<MarketConnection>

  constructor(components: SeatStreamsComponents) {
    this.#components = components
    this.#streams = new WarmStreams(components.clock)
  }

  /** Rejects with PROVIDER_LOST, TIMED_OUT, INVALID_PROVIDER, CANCELLED, SHUTTING_DOWN or what a hello did wrong. */
  to({ addresses, owner, peerKey }: SeatAddress, signal: AbortSignal): Promise<MarketConnection> {
    const { host } = this.#components
    const peer = peerIdFromString(peerIdStringOf(peerKey))
    const steps = {
      dial: async (limit: AbortSignal) => {
        await learnAddresses(host.peerStore, peer, addresses)
        return host.dialProtocol(peer, MARKET_PROTOCOL, { signal: limit })
      },
      greet: (stream: Stream, limit: AbortSignal) => this.#greet(stream, peer, owner, limit),
    }
    return this.#streams.get(`${peerKey}:${owner}`, steps, signal)
  }

  close(): Promise<void> {
    return this.#streams.close()
  }

  async #greet(
    stream: Stream,
    remotePeer: PeerId,
    owner: SeatAddress['owner'],
    signal: AbortSignal,
  ): Promise<MarketConnection> {
    const { binding, clock, network, stake } = this.#components
    const hello = buildHello(network, { client: await binding() })
    const frames = frameStream({ stream, remotePeer, codec: marketFrameCodec, clock })
    const components = { ...this.#components, clock }
    const expected = { expect: 'peer' as const, signal }
    const session = await openSession<MarketFrame>(frames, hello, components, expected)
    const { operator } = session.remote
    // A match must be signed by whoever acts for the seat's owner.
    if (operator !== undefined) await requireProvider(stake, operator, owner)
    return new MarketConnection(components, session)
  }
}
