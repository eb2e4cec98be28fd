import { capsFrameCodec } from '@duckmesh/proto'
import { DuckMeshError } from '../../errors.ts'
import {
  CAPS_PROTOCOL,
  HELLO_TIMEOUT_MS,
  codedError,
  frameStream,
  openSession,
  peerKeyOf,
  withDeadline,
} from '../../mesh/index.ts'
import { CAPS_TIMEOUT_MS, MAX_CAPS_SESSIONS } from '../constants.ts'
import { verifyRecord } from './caps-record.ts'
import { CapsSession } from './caps-session.ts'
import type { Crypto } from '../../components.ts'
import type { SessionComponents, StakeView } from '../../mesh/index.ts'
import type { BookEntry, Load } from '../interface.ts'
import type { CapsResponse, Hello, Hex } from '@duckmesh/proto'
import type { Libp2p, PeerId, Stream } from '@libp2p/interface'

export interface CapsClientComponents extends SessionComponents {
  crypto: Crypto
  stake: StakeView
  /** A libp2p host. */
  host: Pick<Libp2p, 'dialProtocol'>
  hello: () => Hello
}

export interface CapsClientInit {
  /** Deadline of one request, ms; 2 000 when left out. */
  timeoutMs?: number
  maxSessions?: number
}

export interface CapsOptions {
  withRecord?: boolean
  signal?: AbortSignal | undefined
}

/** What a provider said about itself; `record` only when asked for, there, and verified. */
export interface CapsAnswer {
  load: Load
  record?: BookEntry
}

/** Asks providers for offer and load over one reused stream per peer (K-20 to K-24). */
export class CapsClient {
  readonly #components: CapsClientComponents
  readonly #timeoutMs: number
  readonly #maxSessions: number
  readonly #sessions = new Map<Hex, Promise<CapsSession>>()

  constructor(components: CapsClientComponents, init: CapsClientInit = {}) {
    this.#components = components
    this.#timeoutMs = init.timeoutMs ?? CAPS_TIMEOUT_MS
    this.#maxSessions = init.maxSessions ?? MAX_CAPS_SESSIONS
  }

  /**
   * Asks one peer.
   *
   * @throws DuckMeshError TIMED_OUT, CANCELLED, STREAM_CLOSED, NO_PEERS when it cannot be dialled, or the code
   *   of what it did wrong
   */
  async request(peer: PeerId, options: CapsOptions = {}): Promise<CapsAnswer> {
    const reused = this.#sessions.has(peerKeyOf(peer))
    try {
      return await this.#ask(peer, options)
    } catch (error) {
      // A stream kept from before may have died with the remote's restart: once more on a new one.
      const broken = error instanceof DuckMeshError && error.code === 'STREAM_CLOSED'
      if (!reused || !broken) throw error
      return await this.#ask(peer, options)
    }
  }

  /** Closes every stream. */
  async stop(): Promise<void> {
    const sessions = [...this.#sessions.values()]
    this.#sessions.clear()
    await Promise.allSettled(sessions.map(async (session) => (await session).close()))
  }

  async #ask(peer: PeerId, options: CapsOptions): Promise<CapsAnswer> {
    const { clock } = this.#components
    const { signal, withRecord = false } = options
    const dialled = { clock, ms: HELLO_TIMEOUT_MS, what: 'No connection', signal }
    const session = await withDeadline(this.#session(peer), dialled)
    const { answer, cancel } = session.request(withRecord)
    const answered = { clock, ms: this.#timeoutMs, what: 'No caps answer', signal }
    const response = await withDeadline(answer, answered).finally(cancel)
    return this.#answer(response, session, withRecord)
  }

  async #answer(
    response: CapsResponse,
    session: CapsSession,
    withRecord: boolean,
  ): Promise<CapsAnswer> {
    const { inFlight, slots, stepMs, record } = response
    const load = { inFlight, slots, stepMs }
    if (!withRecord || record === undefined) return { load }
    const remote = { peerKey: session.remoteKey, operator: session.operator }
    return { load, record: await verifyRecord(record, remote, this.#components) }
  }

  /** The open session of this peer or a new one; the least recently used one makes room. */
  #session(peer: PeerId): Promise<CapsSession> {
    const peerKey = peerKeyOf(peer)
    const session = this.#sessions.get(peerKey) ?? this.#open(peer, peerKey)
    this.#sessions.delete(peerKey)
    const [oldest] = this.#sessions.entries()
    if (oldest && this.#sessions.size >= this.#maxSessions) this.#drop(...oldest)
    this.#sessions.set(peerKey, session)
    return session
  }

  #open(peer: PeerId, peerKey: Hex): Promise<CapsSession> {
    const session = this.#dial(peer, () => {
      if (this.#sessions.get(peerKey) === session) this.#sessions.delete(peerKey)
    })
    session.catch(() => {
      if (this.#sessions.get(peerKey) === session) this.#sessions.delete(peerKey)
    })
    return session
  }

  #drop(peerKey: Hex, session: Promise<CapsSession>): void {
    this.#sessions.delete(peerKey)
    session.then((open) => open.close()).catch(() => undefined)
  }

  async #dial(peer: PeerId, onEnd: () => void): Promise<CapsSession> {
    const { clock, hello } = this.#components
    const stream = await this.#stream(peer)
    const frames = frameStream({ stream, remotePeer: peer, codec: capsFrameCodec, clock })
    const session = await openSession(frames, hello(), this.#components, { expect: 'peer' })
    return new CapsSession(session, onEnd)
  }

  async #stream(peer: PeerId): Promise<Stream> {
    const { clock, host } = this.#components
    const stopDial = new AbortController()
    const dialling = host.dialProtocol(peer, CAPS_PROTOCOL, { signal: stopDial.signal })
    try {
      return await withDeadline(dialling, { clock, ms: HELLO_TIMEOUT_MS, what: 'No connection' })
    } catch (error) {
      stopDial.abort(error)
      throw codedError(error, 'NO_PEERS', 'The peer could not be dialled.')
    }
  }
}
