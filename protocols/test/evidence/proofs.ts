/** Faults to prove: receipts, verdicts, matches and acknowledgements, signed by whoever a test names. */
import { bytesToHex, evidenceProofCodec } from '@duckmesh/proto'
import type { BidAck, EvidenceNotice, EvidenceProof, Hex, Match, Receipt } from '@duckmesh/proto'
import type { SignedBidAck, SignedMatch, SignedReceipt } from '@duckmesh/proto'
import { bidsRoot, sortedCommits } from '../../src/market/index.ts'
import { proofOfReceipts } from '../../src/evidence/make-proof.ts'
import { readProof } from '../../src/evidence/read-proof.ts'
import type { CheckedProof, FaultReporter, FaultView } from '../../src/evidence/interface.ts'
import type { ProofRecord, ProofStore, Standing } from '../../src/evidence/interface.ts'
import { signStruct } from '../../src/signed-struct.ts'
import type { NetworkIdentity } from '../../src/components.ts'
import { ownerOf } from '../support/mesh-fixtures.ts'
import {
  TEST_NETWORK,
  secret,
  testCrypto,
  testPeerSigner,
  testSigner,
} from '../support/test-crypto.ts'

export const CHECK = { network: TEST_NETWORK, crypto: testCrypto }

export function hashOf(label: string): Hex {
  return bytesToHex(secret(label))
}

function receipt(changes: Partial<Receipt> = {}): Receipt {
  return {
    jobId: hashOf('job'),
    segment: 0,
    item: 0,
    seq: 0,
    payer: testSigner('payer').address,
    provider: ownerOf('fox'),
    tokensIn: 10,
    tokensOut: 64,
    tokensRoot: hashOf('tokens'),
    traceRoot: hashOf('trace'),
    amount: 1_000n,
    specHash: hashOf('spec'),
    last: false,
    ...changes,
  }
}

export async function signedReceipt(
  changes: Partial<Receipt> = {},
  operator = 'fox',
  network: NetworkIdentity = TEST_NETWORK,
): Promise<SignedReceipt> {
  const signed = receipt(changes)
  const signature = await signStruct(testSigner(operator), network, 'Receipt', signed)
  return { receipt: signed, signature }
}

export async function signedMatch(
  commits: readonly Hex[],
  changes: Partial<Match> = {},
  operator = 'fox',
): Promise<SignedMatch> {
  const match = {
    jobId: hashOf('job'),
    attempt: 0,
    epoch: 7,
    turn: 3,
    seat: ownerOf('fox'),
    bidsRoot: bidsRoot(commits),
    bids: commits.length,
    ...changes,
  }
  return { match, signature: await signStruct(testSigner(operator), TEST_NETWORK, 'Match', match) }
}

export async function signedAck(
  commit: Hex,
  changes: Partial<BidAck> = {},
  operator = 'fox',
): Promise<SignedBidAck> {
  const ack = { jobId: hashOf('job'), attempt: 0, seat: ownerOf('fox'), commit, ...changes }
  return { ack, signature: await signStruct(testSigner(operator), TEST_NETWORK, 'BidAck', ack) }
}

/** `fox` signed two receipts for one step of this job. */
export async function twoReceipts(job = 'job', provider = 'fox'): Promise<EvidenceProof> {
  const base = { jobId: hashOf(job), provider: ownerOf(provider) }
  const pair = await Promise.all([
    signedReceipt(base, provider),
    signedReceipt({ ...base, amount: 2_000n }, provider),
  ])
  return proofOfReceipts(TEST_NETWORK, pair)
}

export async function omission(): Promise<EvidenceProof> {
  const commits = sortedCommits(['a', 'b', 'c'].map(hashOf))
  const match = await signedMatch(commits)
  return { kind: 'omission', omission: { match, ack: await signedAck(hashOf('d')), commits } }
}

/** The bytes of a proof, with its name. */
export function packed(proof: EvidenceProof): CheckedProof {
  return readProof(evidenceProofCodec.encode(proof), CHECK)
}

/** What the peer of `label` gossips about a proof. */
export function noticeOf(
  { accused, bytes, hash, proof }: CheckedProof,
  label: string,
): EvidenceNotice {
  const holder = testPeerSigner(label).peerKey
  return { hash, kind: proof.kind, accused, size: bytes.length, holder }
}

/** A chain that slashes each fault once, for one network of any number of nodes. */
export class FakeFaults implements FaultView {
  /** Reporter by fault. */
  readonly punished = new Map<Hex, string>()
  /** Proofs that were sent, also those that came too late. */
  readonly sent: { by: string; faultId: Hex }[] = []
  judged = 0
  failing: Error | undefined
  /** Nothing is at stake any more, or the signers are strangers. */
  readonly void = new Set<Hex>()

  judge({ faultId, hash }: CheckedProof): Promise<Standing> {
    this.judged += 1
    if (this.failing !== undefined) return Promise.reject(this.failing)
    if (this.punished.has(faultId)) return Promise.resolve('punished')
    return Promise.resolve(this.void.has(hash) ? 'void' : 'open')
  }

  reporter(by: string, before: () => void = () => undefined): FaultReporter {
    return {
      report: ({ faultId }) => {
        before()
        this.sent.push({ by, faultId })
        if (this.failing !== undefined) return Promise.reject(this.failing)
        if (this.punished.has(faultId)) return Promise.reject(new Error('AlreadyPunished'))
        this.punished.set(faultId, by)
        return Promise.resolve(hashOf(`tx ${by}`))
      },
    }
  }
}

export class MemoryProofs implements ProofStore {
  readonly records = new Map<Hex, ProofRecord>()

  save(record: ProofRecord): Promise<void> {
    this.records.set(record.hash, record)
    return Promise.resolve()
  }

  list(limit: number): Promise<ProofRecord[]> {
    const newest = [...this.records.values()].sort((a, b) => b.atMs - a.atMs)
    return Promise.resolve(newest.slice(0, limit))
  }
}
