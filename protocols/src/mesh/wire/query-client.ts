/** Asks peers over one warm stream each: what caps and light clients are made of (M-81). */
import { DuckMeshError } from '../../errors.ts'
import { codedError } from '../coded-error.ts'
import { HELLO_TIMEOUT_MS, MAX_QUERY_SESSIONS, QUERY_TIMEOUT_MS } from '../constants.ts'
import { withDeadline } from '../deadline.ts'
import { peerKeyOf } from '../peer-key.ts'
import { frameStream } from './frame-stream.ts'
import { QuerySession } from './query-session.ts'
import { openSession } from './session.ts'
import type { QueryProtocol } from './query-session.ts'
import type { SessionComponents } from './session.ts'
import type { Hello, Hex } from '@duckmesh/proto'
import type { Libp2p, PeerId, Stream } from '@libp2p/interface'

export interface QueryClientComponents extends SessionComponents {
  /** A libp2p host. */
  host: Pick<Libp2p, 'dialProtocol'>
  hello: () => Hello | Promise<Hello>
}

export interface QueryClientInit {
  /** Deadline of one question, ms; 2 000 when left out. */
  timeoutMs?: number
  maxSessions?: number
}

/** An answer and who gave it. */
export interface QueryAnswer<A> {
  answer: A
  peerKey: Hex
  /** Proved by the hello of the peer. */
  operator: Hex | undefined
}

interface QueryOptions {
  signal?: AbortSignal | undefined
}

/** Asks peers over one reused stream each (M-81). */
export class QueryClient<F extends { kind: string }, Q, A> {
  readonly #components: QueryClientComponents
  readonly #protocol: QueryProtocol<F, Q, A>
  readonly #timeoutMs: number
  readonly #maxSessions: number
  readonly #sessions = new Map<Hex, Promise<QuerySession<F, Q, A>>>()

  constructor(
    components: QueryClientComponents,
    protocol: QueryProtocol<F, Q, A>,
    init: QueryClientInit = {},
  ) {
    this.#components = components
    this.#protocol = protocol
    this.#timeoutMs = init.timeoutMs ?? QUERY_TIMEOUT_MS
    this.#maxSessions = init.maxSessions ?? MAX_QUERY_SESSIONS
  }

  /**
   * Asks one peer.
   *
   * @throws DuckMeshError TIMED_OUT, CANCELLED, STREAM_CLOSED, NO_PEERS when it cannot be dialled, or the code
   *   of what it did wrong
   */
  async ask(peer: PeerId, query: Q, options: QueryOptions = {}): Promise<QueryAnswer<A>> {
    const reused = this.#sessions.has(peerKeyOf(peer))
    try {
      return await this.#ask(peer, query, options)
    } catch (error) {
      // A stream kept from before may have died with the remote's restart: once more on a new one.
      const broken = error instanceof DuckMeshError && error.code === 'STREAM_CLOSED'
      if (!reused || !broken) throw error
      return await this.#ask(peer, query, options)
    }
  }

  /** The operator that a peer proves to act for, after a hello; undefined for a peer of none. Errors as `ask`. */
  async operatorOf(peer: PeerId, options: QueryOptions = {}): Promise<Hex | undefined> {
    return (await this.#connected(peer, options)).operator
  }

  /** Closes every stream. */
  async stop(): Promise<void> {
    const sessions = [...this.#sessions.values()]
    this.#sessions.clear()
    await Promise.allSettled(sessions.map(async (session) => (await session).close()))
  }

  async #ask(peer: PeerId, query: Q, options: QueryOptions): Promise<QueryAnswer<A>> {
    const session = await this.#connected(peer, options)
    const asked = session.ask(query)
    const deadline = { ms: this.#timeoutMs, what: 'No answer', signal: options.signal }
    const { clock } = this.#components
    const answer = await withDeadline(asked.answer, { clock, ...deadline }).finally(() => {
      asked.cancel()
    })
    return { answer, peerKey: session.remoteKey, operator: session.operator }
  }

  #connected(peer: PeerId, { signal }: QueryOptions): Promise<QuerySession<F, Q, A>> {
    const { clock } = this.#components
    const deadline = { clock, ms: HELLO_TIMEOUT_MS, what: 'No connection', signal }
    return withDeadline(this.#session(peer), deadline)
  }

  /** The open session of this peer or a new one; the least recently used one makes room. */
  #session(peer: PeerId): Promise<QuerySession<F, Q, A>> {
    const peerKey = peerKeyOf(peer)
    const session = this.#sessions.get(peerKey) ?? this.#open(peer, peerKey)
    this.#sessions.delete(peerKey)
    const [oldest] = this.#sessions.entries()
    if (oldest && this.#sessions.size >= this.#maxSessions) this.#drop(...oldest)
    this.#sessions.set(peerKey, session)
    return session
  }

  #open(peer: PeerId, peerKey: Hex): Promise<QuerySession<F, Q, A>> {
    const forget = (): void => {
      if (this.#sessions.get(peerKey) === session) this.#sessions.delete(peerKey)
    }
    const session = this.#dial(peer, forget)
    session.catch(forget)
    return session
  }

  #drop(peerKey: Hex, session: Promise<QuerySession<F, Q, A>>): void {
    this.#sessions.delete(peerKey)
    session.then((open) => open.close()).catch(() => undefined)
  }

  async #dial(peer: PeerId, onEnd: () => void): Promise<QuerySession<F, Q, A>> {
    const { clock, hello } = this.#components
    const { codec } = this.#protocol
    const stream = await this.#stream(peer)
    const frames = frameStream({ stream, remotePeer: peer, codec, clock })
    const session = await openSession<F>(frames, await hello(), this.#components, {
      expect: 'peer',
    })
    return new QuerySession(session, this.#protocol, onEnd)
  }

  async #stream(peer: PeerId): Promise<Stream> {
    const { clock, host } = this.#components
    const stopDial = new AbortController()
    const dialling = host.dialProtocol(peer, this.#protocol.id, { signal: stopDial.signal })
    try {
      return await withDeadline(dialling, { clock, ms: HELLO_TIMEOUT_MS, what: 'No connection' })
    } catch (error) {
      stopDial.abort(error)
      throw codedError(error, 'NO_PEERS', 'The peer could not be dialled.')
    }
  }
}
