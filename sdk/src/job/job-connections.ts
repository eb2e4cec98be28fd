/** One job stream per provider, opened on demand and kept warm. */
import { jobFrameCodec } from '@duckmesh/protocols'
import type { ClientBinding, Hex, NetworkIdentity } from '@duckmesh/protocols'
import { JobConnection } from '@duckmesh/protocols/dispatch'
import type { JobClientComponents } from '@duckmesh/protocols/dispatch'
import { JOB_PROTOCOL, buildHello, dialPeer, frameStream } from '@duckmesh/protocols/mesh'
import { openSession, peerIdStringOf, requireProvider } from '@duckmesh/protocols/mesh'
import type { BindingBook, DialingHost, StakeView } from '@duckmesh/protocols/mesh'
import type { ClientChannels } from '@duckmesh/protocols/settlement'
import type { PeerId, Stream } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { WarmStreams } from '../host/warm-streams.ts'

export interface JobConnectionsComponents extends Omit<JobClientComponents, 'payments'> {
  host: DialingHost
  bindings: BindingBook
  channels: ClientChannels
  /** This client's binding, renewed before it expires. */
  binding: () => Promise<ClientBinding>
  network: NetworkIdentity
  stake: StakeView
}

export class JobConnections {
  readonly #components: JobConnectionsComponents
  readonly #streams: WarmStreams<JobConnection>

  constructor(components: JobConnectionsComponents) {
    this.#components = components
    this.#streams = new WarmStreams(components.clock)
  }

  /**
   * The warm connection to this provider at this peer, or a new one that all who ask now share. Rejects with
   * PROVIDER_LOST, TIMED_OUT, INVALID_PROVIDER, CANCELLED, SHUTTING_DOWN or what a hello did wrong.
   */
  to(peerKey: Hex, provider: Hex, signal: AbortSignal): Promise<JobConnection> {
    const { clock, host } = this.#components
    const remotePeer = peerIdFromString(peerIdStringOf(peerKey))
    const steps = {
      dial: (limit: AbortSignal) =>
        dialPeer(host, remotePeer, JOB_PROTOCOL, { clock, signal: limit }),
      greet: (stream: Stream, limit: AbortSignal) =>
        this.#greet(stream, remotePeer, provider, limit),
    }
    return this.#streams.get(`${peerKey}:${provider}`, steps, signal)
  }

  /** Ends every stream, also one that is being opened. */
  close(): Promise<void> {
    return this.#streams.close()
  }

  /** Both hellos with the last voucher and what it paid for (rules S-7, S-8). */
  async #greet(
    stream: Stream,
    remotePeer: PeerId,
    provider: Hex,
    signal: AbortSignal,
  ): Promise<JobConnection> {
    const { binding, channels, clock, network, stake } = this.#components
    const hello = buildHello(network, {
      client: await binding(),
      ...(await channels.standing(provider)),
    })
    const frames = frameStream({ stream, remotePeer, codec: jobFrameCodec, clock })
    const session = await openSession(frames, hello, this.#components, { expect: 'peer', signal })
    const { operator, hello: theirs } = session.remote
    // Receipts of an operator that does not act for the payee would prove nothing.
    if (operator !== undefined) await requireProvider(stake, operator, provider)
    await channels.adopt(provider, theirs.lastVoucher, theirs.due)
    const payments = channels.paymentsTo(provider)
    return new JobConnection({ ...this.#components, payments }, session)
  }
}
