/** Proofs on the node's disk, and what its bidder finds as proofs. */
import { toDuckMeshError } from '@duckmesh/protocols'
import { proofOfFrames } from '@duckmesh/protocols/evidence'
import type { ErrorCode, Hex, Logger, NetworkIdentity } from '@duckmesh/protocols'
import type { EvidenceDesk } from '@duckmesh/protocols/evidence'
import type { ProofRecord, ProofStore } from '@duckmesh/protocols/evidence'
import type { EvidenceStore } from '@duckmesh/protocols/market'
import type { RecordStore } from '../storage/index.ts'

/** Before the hash in the key: other evidence, which the chain does not punish, is kept beside. */
const PREFIX = 'proof:'

/** A record as JSON. */
type Stored = Omit<ProofRecord, 'bytes' | 'hash' | 'atMs'> & { proof: string }

/** Proofs among the node's records of evidence; the housekeeper drops them after the fault window. */
export class StoredProofs implements ProofStore {
  readonly #records: RecordStore

  constructor(records: RecordStore) {
    this.#records = records
  }

  async save({ atMs, bytes, hash, ...rest }: ProofRecord): Promise<void> {
    const stored: Stored = { ...rest, proof: Buffer.from(bytes).toString('base64') }
    const body = new TextEncoder().encode(JSON.stringify(stored))
    await this.#records.put({ kind: 'evidence', key: PREFIX + hash, body, atMs }, 'durable')
  }

  async list(limit: number): Promise<ProofRecord[]> {
    const records = await this.#records.list('evidence', limit)
    return records
      .filter(({ key }) => key.startsWith(PREFIX))
      .map(({ atMs, body, key }) => {
        const { proof, ...rest } = JSON.parse(new TextDecoder().decode(body)) as Stored
        const bytes = new Uint8Array(Buffer.from(proof, 'base64'))
        return { ...rest, atMs, bytes, hash: key.slice(PREFIX.length) as Hex }
      })
  }
}

export interface FoundEvidenceComponents {
  desk: Pick<EvidenceDesk, 'found'>
  /** Keeps all of it as it came. */
  kept: EvidenceStore
  logger: Logger
  network: NetworkIdentity
}

/** What this node's bidder finds is kept, and what the chain punishes goes there. */
export class FoundEvidence implements EvidenceStore {
  readonly #components: FoundEvidenceComponents

  constructor(components: FoundEvidenceComponents) {
    this.#components = components
  }

  async keep(code: ErrorCode, messages: readonly Uint8Array[]): Promise<void> {
    const { desk, kept, logger, network } = this.#components
    await kept.keep(code, messages)
    const proof = proofOfFrames(network, code, messages)
    if (proof === undefined) return
    // The bidder goes on: what becomes of the proof does not change its bid.
    desk.found(proof).catch((error: unknown) => {
      logger.warn('evidence.not_taken', { kind: proof.kind, code: toDuckMeshError(error).code })
    })
  }
}
