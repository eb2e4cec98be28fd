/** Reads a proof and checks all of it that needs no chain (P-2 to P-5). */
import { bytesToHex, evidenceProofCodec, limits } from '@duckmesh/proto'
import type { EvidenceProof, Hex, OmissionProof } from '@duckmesh/proto'
import { keccak_256 } from '@noble/hashes/sha3.js'
import type { Crypto, NetworkIdentity } from '../components.ts'
import { DuckMeshError } from '../errors.ts'
import { bidsRoot } from '../market/index.ts'
import { decoded } from '../mesh/index.ts'
import { structDigest } from '../signed-struct.ts'
import { faultIdOf } from './fault-id.ts'
import type { CheckedProof } from './interface.ts'

/** One side of a contradiction. */
interface Side {
  /** What it is about; equal on both sides. */
  about: readonly (Hex | number)[]
  accused: Hex
  digest: Hex
  signature: Hex
}

/** The name of a proof: keccak256 of its bytes (P-3). */
export function proofHash(bytes: Uint8Array): Hex {
  return bytesToHex(keccak_256(bytes))
}

/**
 * Reads a proof: it is encoded in the one canonical way, its messages are about one thing, contradict each other, and
 * are signed. Whether the signers act for the accused, and whether anything is left to slash, the chain must say.
 *
 * @throws DuckMeshError FRAME_TOO_LARGE, MALFORMED_FRAME, FIELD_OUT_OF_RANGE, EVIDENCE_INVALID or BAD_SIGNATURE
 */
export function readProof(
  bytes: Uint8Array,
  components: { network: NetworkIdentity; crypto: Crypto },
): CheckedProof {
  if (bytes.length > limits.MAX_PROOF_BYTES) {
    throw new DuckMeshError('FRAME_TOO_LARGE', `A proof of ${String(bytes.length)} bytes.`)
  }
  const proof = decoded(() => evidenceProofCodec.decode(bytes))
  const hash = proofHash(bytes)
  if (proofHash(evidenceProofCodec.encode(proof)) !== hash) {
    throw invalid('The proof is not encoded as this version encodes it.')
  }
  const [first, second] = sidesOf(proof, components.network)
  if (first.about.some((part, index) => part !== second.about[index])) {
    throw invalid('The two messages are about different things.')
  }
  requireContradiction(proof, first, second)
  for (const { digest, signature } of [first, second]) {
    if (components.crypto.recoverAddress(digest, signature) !== null) continue
    throw new DuckMeshError('BAD_SIGNATURE', 'A message of the proof is not signed.')
  }
  return { hash, bytes, proof, accused: first.accused, faultId: faultIdOf(proof) }
}

function requireContradiction(proof: EvidenceProof, first: Side, second: Side): void {
  if (proof.kind === 'omission') {
    requireOmission(proof.omission)
    return
  }
  if (first.digest === second.digest) throw invalid('The two messages say the same.')
  if (first.digest > second.digest) throw invalid('The messages are in the wrong order.')
}

/** The commitments are those of the match, and the acknowledged one is not among them. */
function requireOmission({ ack, commits, match }: OmissionProof): void {
  const isAscending = commits.every((commit, i) => i === 0 || (commits[i - 1] ?? '') < commit)
  const { bids, bidsRoot: root } = match.match
  if (!isAscending || commits.length !== bids || bidsRoot(commits) !== root) {
    throw invalid('The commitments are not those of the match.')
  }
  if (commits.includes(ack.ack.commit)) throw invalid('The acknowledged bid is in the match.')
}

function sidesOf(proof: EvidenceProof, network: NetworkIdentity): [Side, Side] {
  switch (proof.kind) {
    case 'receipts': {
      const { first, second } = proof.receipts
      return both([first, second], ({ receipt, signature }) => {
        const { item, jobId, provider: accused, segment, seq } = receipt
        const digest = structDigest(network, 'Receipt', receipt)
        return { about: [accused, jobId, segment, item, seq], accused, digest, signature }
      })
    }
    case 'verdicts': {
      const { first, second } = proof.verdicts
      return both([first, second], ({ signature, statement }) => {
        const { receiptHash, verifier: accused } = statement
        const digest = structDigest(network, 'Verdict', statement)
        return { about: [accused, receiptHash], accused, digest, signature }
      })
    }
    case 'matches': {
      const { first, second } = proof.matches
      return both([first, second], ({ match, signature }) => {
        const digest = structDigest(network, 'Match', match)
        return attemptSide(match, digest, signature)
      })
    }
    case 'omission': {
      const { ack, match } = proof.omission
      const matchHash = structDigest(network, 'Match', match.match)
      const ackHash = structDigest(network, 'BidAck', ack.ack)
      return [
        attemptSide(match.match, matchHash, match.signature),
        attemptSide(ack.ack, ackHash, ack.signature),
      ]
    }
  }
}

function attemptSide(
  { attempt, jobId, seat }: { attempt: number; jobId: Hex; seat: Hex },
  digest: Hex,
  signature: Hex,
): Side {
  return { about: [seat, jobId, attempt], accused: seat, digest, signature }
}

function both<T>([a, b]: readonly [T, T], sideOf: (message: T) => Side): [Side, Side] {
  return [sideOf(a), sideOf(b)]
}

function invalid(what: string): DuckMeshError {
  return new DuckMeshError('EVIDENCE_INVALID', what)
}
