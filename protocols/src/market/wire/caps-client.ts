import { capsFrameCodec } from '@duckmesh/proto'
import { CAPS_PROTOCOL, QueryClient } from '../../mesh/index.ts'
import { CAPS_TIMEOUT_MS, MAX_CAPS_SESSIONS } from '../constants.ts'
import { verifyRecord } from './caps-record.ts'
import type { Crypto } from '../../components.ts'
import type { QueryClientComponents, QueryProtocol, StakeView } from '../../mesh/index.ts'
import type { BookEntry, Load } from '../interface.ts'
import type { CapsFrame, CapsResponse } from '@duckmesh/proto'
import type { PeerId } from '@libp2p/interface'

export interface CapsClientComponents extends QueryClientComponents {
  crypto: Crypto
  stake: StakeView
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

interface CapsQuery {
  withRecord: boolean
}

/** The caps protocol as questions and answers (K-20, K-21). */
const CAPS: QueryProtocol<CapsFrame, CapsQuery, CapsResponse> = {
  id: CAPS_PROTOCOL,
  codec: capsFrameCodec,
  question: (id, { withRecord }) => ({ kind: 'request', request: { id, withRecord } }),
  answer: (frame) =>
    frame.kind === 'response' ? { id: frame.response.id, answer: frame.response } : undefined,
}

/** Asks providers for offer and load over one reused stream per peer (K-20 to K-24). */
export class CapsClient {
  readonly #components: CapsClientComponents
  readonly #queries: QueryClient<CapsFrame, CapsQuery, CapsResponse>

  constructor(components: CapsClientComponents, init: CapsClientInit = {}) {
    const { timeoutMs = CAPS_TIMEOUT_MS, maxSessions = MAX_CAPS_SESSIONS } = init
    this.#components = components
    this.#queries = new QueryClient(components, CAPS, { timeoutMs, maxSessions })
  }

  /**
   * Asks one peer.
   *
   * @throws DuckMeshError TIMED_OUT, CANCELLED, STREAM_CLOSED, NO_PEERS when it cannot be dialled, or the code
   *   of what it did wrong
   */
  async request(peer: PeerId, options: CapsOptions = {}): Promise<CapsAnswer> {
    const { signal, withRecord = false } = options
    const { answer, ...remote } = await this.#queries.ask(peer, { withRecord }, { signal })
    const { inFlight, slots, stepMs, record } = answer
    const load = { inFlight, slots, stepMs }
    if (!withRecord || record === undefined) return { load }
    return { load, record: await verifyRecord(record, remote, this.#components) }
  }

  /** Closes every stream. */
  stop(): Promise<void> {
    return this.#queries.stop()
  }
}
