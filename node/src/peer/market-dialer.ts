/** Opens market streams to other staked peers: for invitations, and to bring bids to seats. */
import { marketFrameCodec } from '@duckmesh/protocols'
import type { Clock, Hex, MarketFrame, NetworkIdentity } from '@duckmesh/protocols'
import type { MarketDialer } from '@duckmesh/protocols/market'
import { MARKET_PROTOCOL, buildHello, codedError, frameStream } from '@duckmesh/protocols/mesh'
import { openSession, peerIdStringOf, withDeadline } from '@duckmesh/protocols/mesh'
import type { BindingBook, Session } from '@duckmesh/protocols/mesh'
import { peerIdFromString } from '@libp2p/peer-id'
import type { PeerHost } from '../host/index.ts'
import type { OwnBinding } from './own-binding.ts'

/** Longest dial, ms: what comes later is too late for any window, but warms the stream for the next. */
const DIAL_TIMEOUT_MS = 5_000

export interface HostDialerComponents {
  binding: OwnBinding
  bindings: BindingBook
  clock: Clock
  host: Pick<PeerHost, 'dialProtocol'>
  network: NetworkIdentity
}

export class HostDialer implements MarketDialer {
  readonly #components: HostDialerComponents

  constructor(components: HostDialerComponents) {
    this.#components = components
  }

  /** A market stream after both hellos. Rejects with NO_PEERS, TIMED_OUT or what the hello did wrong. */
  async dial(peerKey: Hex, signal: AbortSignal): Promise<Session<MarketFrame>> {
    const { binding, clock, host, network } = this.#components
    const remotePeer = peerIdFromString(peerIdStringOf(peerKey))
    try {
      const dialling = host.dialProtocol(remotePeer, MARKET_PROTOCOL, { signal })
      const limit = { clock, ms: DIAL_TIMEOUT_MS, what: 'No market stream', signal }
      const stream = await withDeadline(dialling, limit)
      const frames = frameStream({ stream, remotePeer, codec: marketFrameCodec, clock })
      const hello = buildHello(network, { peer: binding.current })
      const options = { expect: 'peer' as const, signal }
      return await openSession<MarketFrame>(frames, hello, this.#components, options)
    } catch (error) {
      throw codedError(error, 'NO_PEERS', 'The peer could not be reached.')
    }
  }
}
