/** Gives proofs to whoever asks, and takes those that are handed over (P-10). */
import { evidenceFrameCodec } from '@duckmesh/proto'
import type { EvidenceFrame, Hex } from '@duckmesh/proto'
import type { Connection, Stream } from '@libp2p/interface'
import { toDuckMeshError } from '../../errors.ts'
import type { ErrorCode } from '../../error-codes.ts'
import { QueryServer, RateLimit } from '../../mesh/index.ts'
import type { QueryServerComponents } from '../../mesh/index.ts'
import {
  ALL_SUBMITS_BURST,
  ALL_SUBMITS_RATE_PER_S,
  EVIDENCE_BURST,
  EVIDENCE_RATE_PER_S,
  SUBMIT_BURST,
  SUBMIT_RATE_PER_S,
} from '../constants.ts'
import type { EvidenceDesk } from '../evidence-desk.ts'

export interface EvidenceServerComponents extends QueryServerComponents {
  desk: Pick<EvidenceDesk, 'find' | 'take'>
}

/** Key of what all callers share. */
const ALL = 'all'

export class EvidenceServer {
  /** Handler for `libp2p.handle(EVIDENCE_PROTOCOL, …)`; resolves when the stream is over and never rejects. */
  readonly handle: (stream: Stream, connection: Connection) => Promise<void>
  readonly #components: EvidenceServerComponents
  readonly #submits = new RateLimit({ ratePerS: SUBMIT_RATE_PER_S, burst: SUBMIT_BURST })
  readonly #all = new RateLimit({ ratePerS: ALL_SUBMITS_RATE_PER_S, burst: ALL_SUBMITS_BURST })

  constructor(components: EvidenceServerComponents) {
    this.#components = components
    const server = new QueryServer<EvidenceFrame>(components, {
      codec: evidenceFrameCodec,
      expect: 'any',
      quota: new RateLimit({ ratePerS: EVIDENCE_RATE_PER_S, burst: EVIDENCE_BURST }),
      ended: 'evidence.stream_ended',
      answer: (frame, caller) => this.#answer(frame, caller),
    })
    this.handle = server.handle
  }

  async #answer(frame: EvidenceFrame, caller: Hex): Promise<EvidenceFrame | undefined> {
    if (frame.kind === 'request') {
      const { id, hash } = frame.request
      const proof = this.#components.desk.find(hash) ?? new Uint8Array()
      return { kind: 'response', response: { id, proof } }
    }
    if (frame.kind !== 'submit') return undefined
    const { id, proof } = frame.submit
    return { kind: 'result', result: { id, code: await this.#taken(proof, caller) } }
  }

  /** The code of the refusal; empty when the proof is kept, or the fault punished. */
  async #taken(proof: Uint8Array, caller: Hex): Promise<ErrorCode | ''> {
    const { clock, desk } = this.#components
    const now = clock.now()
    if (!this.#submits.take(caller, now) || !this.#all.take(ALL, now)) return 'RATE_LIMITED'
    try {
      await desk.take(proof, 'handed')
      return ''
    } catch (error) {
      return toDuckMeshError(error).code
    }
  }
}
