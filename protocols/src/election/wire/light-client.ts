/** Asks peers what gossip would tell: seats, and to pass a header on, over one warm stream each (M-83). */
import { lightFrameCodec } from '@duckmesh/proto'
import type { Envelope, Hex, LightFrame, TurnSeats } from '@duckmesh/proto'
import type { PeerId } from '@libp2p/interface'
import { isErrorCode } from '../../error-codes.ts'
import { DuckMeshError } from '../../errors.ts'
import { LIGHT_PROTOCOL, QueryClient } from '../../mesh/index.ts'
import type { QueryClientComponents, QueryClientInit, QueryProtocol } from '../../mesh/index.ts'

export interface PeerQueryOptions {
  signal?: AbortSignal | undefined
}

type LightQuery = { kind: 'seats'; shard: number } | { kind: 'forward'; header: Envelope }
type LightAnswer = { kind: 'seats'; turns: TurnSeats[] } | { kind: 'forward'; code: string }

const LIGHT: QueryProtocol<LightFrame, LightQuery, LightAnswer> = {
  id: LIGHT_PROTOCOL,
  codec: lightFrameCodec,
  question: (id, query) =>
    query.kind === 'seats'
      ? { kind: 'seatsRequest', seatsRequest: { id, shard: query.shard } }
      : { kind: 'forward', forward: { id, header: query.header } },
  answer: (frame) => {
    if (frame.kind === 'seatsResponse') {
      const { id, turns } = frame.seatsResponse
      return { id, answer: { kind: 'seats', turns } }
    }
    if (frame.kind !== 'forwardResult') return undefined
    const { id, code } = frame.forwardResult
    return { id, answer: { kind: 'forward', code } }
  },
}

export class PeerQueries {
  readonly #queries: QueryClient<LightFrame, LightQuery, LightAnswer>

  /** The hello must hold a binding of this client or peer. */
  constructor(components: QueryClientComponents, init: QueryClientInit = {}) {
    this.#queries = new QueryClient(components, LIGHT, init)
  }

  /**
   * Who has the seats of a shard, as this peer tells it: nothing of it is checked.
   *
   * @throws DuckMeshError as `QueryClient.ask`, UNEXPECTED_FRAME for an answer to another question
   */
  async seats(peer: PeerId, shard: number, options: PeerQueryOptions = {}): Promise<TurnSeats[]> {
    const { answer } = await this.#queries.ask(peer, { kind: 'seats', shard }, options)
    if (answer.kind === 'seats') return answer.turns
    throw otherQuestion()
  }

  /**
   * Has a peer gossip the header of a job.
   *
   * @throws DuckMeshError with the code of the refusal (as `GossipDriver.forward`, RATE_LIMITED, NOT_SUPPORTED),
   *   or as `seats`
   */
  async forward(peer: PeerId, header: Envelope, options: PeerQueryOptions = {}): Promise<void> {
    const { answer } = await this.#queries.ask(peer, { kind: 'forward', header }, options)
    if (answer.kind !== 'forward') throw otherQuestion()
    if (answer.code === '') return
    const code = isErrorCode(answer.code) ? answer.code : 'MALFORMED_FRAME'
    throw new DuckMeshError(code, 'The peer did not forward the job header.')
  }

  /** The operator that a peer proves to act for; undefined when it shows none. Errors as `QueryClient.ask`. */
  operatorOf(peer: PeerId, options: PeerQueryOptions = {}): Promise<Hex | undefined> {
    return this.#queries.operatorOf(peer, options)
  }

  /** Closes every stream. */
  stop(): Promise<void> {
    return this.#queries.stop()
  }
}

function otherQuestion(): DuckMeshError {
  return new DuckMeshError('UNEXPECTED_FRAME', 'The answer is to another question.')
}
