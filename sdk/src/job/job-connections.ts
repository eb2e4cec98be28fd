/** One job stream per provider, opened on demand and kept warm. */
import { DuckMeshError, jobFrameCodec } from '@duckmesh/protocols'
import type { ClientBinding, Hex, NetworkIdentity } from '@duckmesh/protocols'
import { JobConnection } from '@duckmesh/protocols/dispatch'
import type { JobClientComponents } from '@duckmesh/protocols/dispatch'
import type { BookEntry } from '@duckmesh/protocols/market'
import { JOB_PROTOCOL, buildHello, codedError, frameStream } from '@duckmesh/protocols/mesh'
import {
  openSession,
  peerIdStringOf,
  requireProvider,
  withDeadline,
} from '@duckmesh/protocols/mesh'
import type { BindingBook, StakeView } from '@duckmesh/protocols/mesh'
import type { ClientChannels } from '@duckmesh/protocols/settlement'
import type { PeerId, Stream } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { ClientHost } from '../host/create-client-host.ts'
import { timeLimit } from '../time-limit.ts'

/** Longest time to a job stream, dial included, ms. */
const OPEN_TIMEOUT_MS = 10_000

export interface JobConnectionsComponents extends Omit<JobClientComponents, 'payments'> {
  host: Pick<ClientHost, 'dialProtocol'>
  bindings: BindingBook
  channels: ClientChannels
  /** This client's binding, renewed before it expires. */
  binding: () => Promise<ClientBinding>
  network: NetworkIdentity
  stake: StakeView
}

export class JobConnections {
  readonly #components: JobConnectionsComponents
  readonly #open = new Map<string, Promise<JobConnection>>()
  readonly #closed = new AbortController()

  constructor(components: JobConnectionsComponents) {
    this.#components = components
  }

  /**
   * The warm connection to the provider of this offer, or a new one that all who ask now share. Rejects with
   * PROVIDER_LOST, TIMED_OUT, INVALID_PROVIDER, CANCELLED, SHUTTING_DOWN or what a hello did wrong.
   */
  async to(entry: BookEntry, signal: AbortSignal): Promise<JobConnection> {
    if (this.#closed.signal.aborted) throw shuttingDown()
    const key = `${entry.peerKey}:${entry.offer.provider}`
    const known = this.#open.get(key)
    const { clock } = this.#components
    // Opening ends by its own limit; this wait ends with the caller's signal.
    const deadline = { clock, ms: 2 * OPEN_TIMEOUT_MS, what: 'No job stream', signal }
    const connection = await withDeadline(known ?? this.#start(key, entry), deadline)
    if (known === undefined || !connection.closed) return connection
    if (this.#open.get(key) === known) this.#open.delete(key)
    return this.to(entry, signal)
  }

  /** Ends every stream, also one that is being opened. */
  async close(): Promise<void> {
    this.#closed.abort(shuttingDown())
    const connections = [...this.#open.values()]
    this.#open.clear()
    await Promise.allSettled(connections.map(async (connection) => (await connection).close()))
  }

  #start(key: string, entry: BookEntry): Promise<JobConnection> {
    const opening = this.#connect(entry)
    this.#open.set(key, opening)
    opening.catch(() => {
      if (this.#open.get(key) === opening) this.#open.delete(key)
    })
    return opening
  }

  async #connect(entry: BookEntry): Promise<JobConnection> {
    const { clock, host } = this.#components
    const limit = timeLimit(clock, OPEN_TIMEOUT_MS, [this.#closed.signal])
    const { signal } = limit
    let stream: Stream | undefined
    try {
      const remotePeer = peerIdFromString(peerIdStringOf(entry.peerKey))
      stream = await host.dialProtocol(remotePeer, JOB_PROTOCOL, { signal })
      return await this.#greet(stream, remotePeer, entry.offer.provider, signal)
    } catch (error) {
      const coded = codedError(error, 'PROVIDER_LOST', 'The provider could not be reached.')
      stream?.abort(coded)
      throw coded
    } finally {
      limit.clear()
    }
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

function shuttingDown(): DuckMeshError {
  return new DuckMeshError('SHUTTING_DOWN', 'The client stops.')
}
