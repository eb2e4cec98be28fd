/** One job stream per provider, opened on demand and kept warm. */
import { jobFrameCodec } from '@duckmesh/protocols'
import type { ClientBinding, Hex, NetworkIdentity } from '@duckmesh/protocols'
import { JobConnection } from '@duckmesh/protocols/dispatch'
import type { JobClientComponents } from '@duckmesh/protocols/dispatch'
import type { BookEntry } from '@duckmesh/protocols/market'
import { JOB_PROTOCOL, buildHello, codedError, frameStream, openSession, peerIdStringOf } from '@duckmesh/protocols/mesh'
import type { BindingBook } from '@duckmesh/protocols/mesh'
import type { ClientChannels } from '@duckmesh/protocols/settlement'
import { peerIdFromString } from '@libp2p/peer-id'
import type { ClientHost } from '../host/create-client-host.ts'

/** Longest time to a job stream, dial included, ms. */
const OPEN_TIMEOUT_MS = 10_000

export interface JobConnectionsComponents extends Omit<JobClientComponents, 'payments'> {
  host: ClientHost
  bindings: BindingBook
  channels: ClientChannels
  /** This client's binding, renewed before it expires. */
  binding: () => Promise<ClientBinding>
  network: NetworkIdentity
}

export class JobConnections {
  readonly #components: JobConnectionsComponents
  readonly #open = new Map<Hex, Promise<JobConnection>>()

  constructor(components: JobConnectionsComponents) {
    this.#components = components
  }

  /** The warm connection to the provider of this offer, or a new one. Rejects with PROVIDER_LOST. */
  async to(entry: BookEntry, signal: AbortSignal): Promise<JobConnection> {
    const known = await this.#open.get(entry.peerKey)?.catch(() => undefined)
    if (known !== undefined && !known.closed) return known
    const opening = this.#connect(entry, signal)
    this.#open.set(entry.peerKey, opening)
    return opening
  }

  async close(): Promise<void> {
    const connections = [...this.#open.values()]
    this.#open.clear()
    await Promise.allSettled(connections.map(async (connection) => (await connection).close()))
  }

  async #connect(entry: BookEntry, outer: AbortSignal): Promise<JobConnection> {
    const { channels, clock, host, network } = this.#components
    const { provider } = entry.offer
    const signal = AbortSignal.any([outer, AbortSignal.timeout(OPEN_TIMEOUT_MS)])
    try {
      const remotePeer = peerIdFromString(peerIdStringOf(entry.peerKey))
      const lastVoucher = await channels.lastVoucher(provider)
      const hello = buildHello(network, {
        client: await this.#components.binding(),
        ...(lastVoucher === undefined ? {} : { lastVoucher }),
      })
      const stream = await host.dialProtocol(remotePeer, JOB_PROTOCOL, { signal })
      const frames = frameStream({ stream, remotePeer, codec: jobFrameCodec, clock })
      const session = await openSession(frames, hello, this.#components, { expect: 'peer', signal })
      await channels.adopt(provider, session.remote.hello.lastVoucher, session.remote.hello.due)
      return new JobConnection({ ...this.#components, payments: channels.paymentsTo(provider) }, session)
    } catch (error) {
      throw codedError(error, 'PROVIDER_LOST', 'The provider could not be reached.')
    }
  }
}
