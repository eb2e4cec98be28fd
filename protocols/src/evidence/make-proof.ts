/** Proofs from signed messages, in the one order that counts (P-2). */
import { marketFrameCodec } from '@duckmesh/proto'
import type { EvidenceProof, Hex, MarketFrame, SignedMatch, SignedReceipt } from '@duckmesh/proto'
import type { NetworkIdentity } from '../components.ts'
import type { ErrorCode } from '../error-codes.ts'
import { structDigest } from '../signed-struct.ts'

/** A proof of two receipts for one step. */
export function proofOfReceipts(
  network: NetworkIdentity,
  pair: readonly [SignedReceipt, SignedReceipt],
): EvidenceProof {
  const [first, second] = ordered(pair, ({ receipt }) => structDigest(network, 'Receipt', receipt))
  return { kind: 'receipts', receipts: { first, second } }
}

function proofOfMatches(
  network: NetworkIdentity,
  pair: readonly [SignedMatch, SignedMatch],
): EvidenceProof {
  const [first, second] = ordered(pair, ({ match }) => structDigest(network, 'Match', match))
  return { kind: 'matches', matches: { first, second } }
}

/**
 * A proof from the frames that a bidder keeps (K-59); undefined for what the chain does not punish.
 *
 * @param frames market frames as sent, in the order of K-59
 */
export function proofOfFrames(
  network: NetworkIdentity,
  code: ErrorCode,
  frames: readonly Uint8Array[],
): EvidenceProof | undefined {
  if (code !== 'MATCH_CONTRADICTS' && code !== 'BID_OMITTED') return undefined
  const [first, second] = frames.map((bytes): MarketFrame => marketFrameCodec.decode(bytes))
  if (second?.kind !== 'notice') return undefined
  const { commits, match } = second.notice
  if (first?.kind === 'notice') return proofOfMatches(network, [first.notice.match, match])
  if (first?.kind !== 'bidAck') return undefined
  const omission = { match, ack: first.bidAck, commits: [...commits].sort() }
  return { kind: 'omission', omission }
}

/** The one with the lower digest first: so two messages make one proof, and not two. */
function ordered<T>([a, b]: readonly [T, T], digestOf: (message: T) => Hex): [T, T] {
  return digestOf(a) <= digestOf(b) ? [a, b] : [b, a]
}
