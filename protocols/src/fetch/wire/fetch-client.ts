/** Asks holders over one stream each (F-1 to F-5). */
import { fetchFrameCodec } from '@duckmesh/proto'
import type { FetchFrame } from '@duckmesh/proto'
import type { PeerId } from '@libp2p/interface'
import { FETCH_PROTOCOL, QueryClient } from '../../mesh/index.ts'
import type { QueryClientComponents, QueryProtocol } from '../../mesh/index.ts'
import { BLOCK_TIMEOUT_MS, MAX_KNOWN_HOLDERS } from '../constants.ts'
import type { FetchAnswer, FetchPort, FetchQuery } from '../interface.ts'

const FETCH: QueryProtocol<FetchFrame, FetchQuery, FetchAnswer> = {
  id: FETCH_PROTOCOL,
  codec: fetchFrameCodec,
  question: (id, query) => {
    switch (query.kind) {
      case 'manifest': {
        const { modelId, offset } = query
        return { kind: 'manifestRequest', manifestRequest: { id, modelId, offset } }
      }
      case 'pieces':
        return {
          kind: 'piecesRequest',
          piecesRequest: { id, sha256: query.sha256, from: query.from },
        }
      case 'block': {
        const { length, offset, sha256 } = query
        return { kind: 'blockRequest', blockRequest: { id, sha256, offset, length } }
      }
    }
  },
  answer: (frame) => {
    switch (frame.kind) {
      case 'manifestPart':
        return { id: frame.manifestPart.id, answer: frame }
      case 'pieceHashes':
        return { id: frame.pieceHashes.id, answer: frame }
      case 'block':
        return { id: frame.block.id, answer: frame }
      case 'refusal':
        return { id: frame.refusal.id, answer: frame }
      default:
        return undefined
    }
  },
}

export class FetchClient implements FetchPort {
  readonly #queries: QueryClient<FetchFrame, FetchQuery, FetchAnswer>

  constructor(components: QueryClientComponents) {
    const init = { timeoutMs: BLOCK_TIMEOUT_MS, maxSessions: MAX_KNOWN_HOLDERS }
    this.#queries = new QueryClient(components, FETCH, init)
  }

  /**
   * Asks one peer. A refusal is an answer.
   *
   * @throws DuckMeshError TIMED_OUT, CANCELLED, STREAM_CLOSED, NO_PEERS when it cannot be dialled, or the code of
   *   what it did wrong
   */
  async ask(peer: PeerId, query: FetchQuery, signal: AbortSignal): Promise<FetchAnswer> {
    return (await this.#queries.ask(peer, query, { signal })).answer
  }

  /** Closes every stream. */
  stop(): Promise<void> {
    return this.#queries.stop()
  }
}
