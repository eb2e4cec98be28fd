/** Asks peers for proofs and hands proofs to them, over one warm stream each (P-10). */
import { evidenceFrameCodec } from '@duckmesh/proto'
import type { EvidenceFrame, Hex } from '@duckmesh/proto'
import type { PeerId } from '@libp2p/interface'
import { isErrorCode } from '../../error-codes.ts'
import { DuckMeshError } from '../../errors.ts'
import { EVIDENCE_PROTOCOL, QueryClient } from '../../mesh/index.ts'
import type { QueryClientComponents, QueryClientInit, QueryProtocol } from '../../mesh/index.ts'
import { EVIDENCE_TIMEOUT_MS } from '../constants.ts'

interface AskOptions {
  signal?: AbortSignal | undefined
}

type Query = { kind: 'request'; hash: Hex } | { kind: 'submit'; proof: Uint8Array }
type Answer = { kind: 'response'; proof: Uint8Array } | { kind: 'result'; code: string }

const EVIDENCE: QueryProtocol<EvidenceFrame, Query, Answer> = {
  id: EVIDENCE_PROTOCOL,
  codec: evidenceFrameCodec,
  question: (id, query) =>
    query.kind === 'request'
      ? { kind: 'request', request: { id, hash: query.hash } }
      : { kind: 'submit', submit: { id, proof: query.proof } },
  answer: (frame) => {
    if (frame.kind === 'response') {
      const { id, proof } = frame.response
      return { id, answer: { kind: 'response', proof } }
    }
    if (frame.kind !== 'result') return undefined
    const { id, code } = frame.result
    return { id, answer: { kind: 'result', code } }
  },
}

export class EvidenceClient {
  readonly #queries: QueryClient<EvidenceFrame, Query, Answer>

  /** The hello must hold a binding of this client or peer. */
  constructor(components: QueryClientComponents, init: QueryClientInit = {}) {
    this.#queries = new QueryClient(components, EVIDENCE, {
      timeoutMs: EVIDENCE_TIMEOUT_MS,
      ...init,
    })
  }

  /**
   * The proof of this name as the peer gives it, undefined when it has none: nothing of it is checked.
   *
   * @throws DuckMeshError as `QueryClient.ask`, UNEXPECTED_FRAME for an answer to another question
   */
  async fetch(peer: PeerId, hash: Hex, options: AskOptions = {}): Promise<Uint8Array | undefined> {
    const { answer } = await this.#queries.ask(peer, { kind: 'request', hash }, options)
    if (answer.kind !== 'response') throw otherQuestion()
    return answer.proof.length === 0 ? undefined : answer.proof
  }

  /**
   * Hands a proof to a peer that brings it to the chain.
   *
   * @throws DuckMeshError with the code of the refusal (as `EvidenceDesk.take`), or as `fetch`
   */
  async submit(peer: PeerId, proof: Uint8Array, options: AskOptions = {}): Promise<void> {
    const { answer } = await this.#queries.ask(peer, { kind: 'submit', proof }, options)
    if (answer.kind !== 'result') throw otherQuestion()
    if (answer.code === '') return
    const code = isErrorCode(answer.code) ? answer.code : 'MALFORMED_FRAME'
    throw new DuckMeshError(code, 'The peer did not take the proof.')
  }

  /** Closes every stream. */
  stop(): Promise<void> {
    return this.#queries.stop()
  }
}

function otherQuestion(): DuckMeshError {
  return new DuckMeshError('UNEXPECTED_FRAME', 'The answer is to another question.')
}
