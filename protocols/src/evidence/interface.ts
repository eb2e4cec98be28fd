/** What the rules of evidence are about, and what they need from their node. */
import type { EvidenceProof, Hex } from '@duckmesh/proto'

/** A proof that holds by itself: its messages contradict each other and are signed, by whom the chain must say. */
export interface CheckedProof {
  /** keccak256 of the bytes (P-3). */
  readonly hash: Hex
  readonly bytes: Uint8Array
  readonly proof: EvidenceProof
  /** Owner address of who committed the fault. */
  readonly accused: Hex
  /** As the chain names the fault, whatever proves it (C-20). */
  readonly faultId: Hex
}

/**
 * What the chain would say of a proof now: `open` it would slash, `punished` it has for this fault, `void` it would
 * not, because the signers act for somebody else, nothing is at stake, or too much time has passed.
 */
export type Standing = 'open' | 'punished' | 'void'

/** The chain as judge of proofs. */
export interface FaultView {
  /** Rejects with CHAIN_UNREACHABLE. */
  judge(proof: CheckedProof): Promise<Standing>
}

/** Brings proofs to the chain. */
export interface FaultReporter {
  /** Resolves to the transaction once it is in a block. Rejects with CHAIN_REVERTED, CHAIN_UNREACHABLE or TIMED_OUT. */
  report(proof: CheckedProof): Promise<Hex>
}

/**
 * How a proof came here: this node is the victim and has both messages itself, a client handed it over, or another
 * peer held it.
 */
export type ProofSource = 'found' | 'handed' | 'heard'

/** `submitted`: by this node; `punished`: by another one. */
export type ProofState = 'open' | 'submitted' | 'punished' | 'void'

/** A proof as it is kept. */
export interface ProofRecord {
  hash: Hex
  bytes: Uint8Array
  source: ProofSource
  state: ProofState
  /** When it was kept, ms since 1970. */
  atMs: number
  /** The transaction that this node sent. */
  tx?: Hex
}

/** Proofs on disk. */
export interface ProofStore {
  /** Replaces an earlier record of the same hash. */
  save(record: ProofRecord): Promise<void>
  /** Newest first, at most `limit`. */
  list(limit: number): Promise<ProofRecord[]>
}

/** Proofs of a node by state. */
export type ProofCounts = Record<ProofState, number>
