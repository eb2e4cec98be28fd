/** How the jobs of a client were decided: kept so that `why` can be answered later, also by another program. */
import type { ErrorCode, Hex } from '@duckmesh/protocols'
import type { JobState } from '@duckmesh/protocols/dispatch'

/** One bid of an auction and what became of it; amounts are decimal strings in wei, unit prices per 1 000 tokens. */
export interface TranscriptBid {
  provider: Hex
  priceIn?: string
  priceOut?: string
  etaMs?: number
  /** Price of the whole job at this bid. */
  price?: string
  /** Score by the rule; the lowest wins. */
  score?: string
  /** Place in the order of choice, from 0; absent when the bid did not count. */
  place?: number
  role?: 'winner' | 'member' | 'backup'
  /** Why it did not count. */
  code?: ErrorCode
  /** One sentence. */
  why: string
}

export interface TranscriptPass {
  provider: Hex
  code: string
  detail: string
}

export interface TranscriptSeat {
  owner: Hex
  /** Time from the header to its answer, ms; null when it gave none. */
  ackMs: number | null
  /** Bids that it relayed. */
  bids: number
  /** Whether its match is the one that the awards name. */
  primary: boolean
  /** Providers that it invited, as its answer said. */
  invited?: number
  /** What it refused or failed with, when it made no match. */
  code?: ErrorCode
}

export interface TranscriptAuction {
  attempt: number
  epoch: number
  turn: number
  shard: number
  /** Of the score; 0 when there was nothing to score. */
  ruleVersion: number
  matchHash: Hex
  bidsRoot: Hex
  seats: TranscriptSeat[]
  /** From the header to the choice, ms. */
  auctionMs: number
  bids: TranscriptBid[]
  passes: TranscriptPass[]
  /** Why it gave nobody the job; `matchHash` and `bidsRoot` are zero when no seat made a match. */
  failure?: { code: ErrorCode; detail: string }
}

export interface TranscriptSegment {
  segment: number
  provider: Hex
  state: string
  /** Tokens of earlier segments that this one continued from. */
  fromToken: number
  tokens: number
  paid: string
  failure?: { code: string; detail: string }
}

export interface JobTranscript {
  jobId: Hex
  payer: Hex
  modelId: Hex
  /** `fallback` says why the direct lane was taken without being asked for. */
  lane: 'auction' | 'direct'
  fallback?: string
  mode: number
  replicas: number
  maxPrice: string
  /** Milliseconds since 1970. */
  createdMs: number
  endedMs: number
  auctions: TranscriptAuction[]
  segments: TranscriptSegment[]
  state: JobState
  failure?: { code: string; detail: string }
  paid: string
  agreed: boolean | null
  /** What the seat was paid with the openings. */
  fee?: { seat: Hex; amount: string }
}

/** Transcripts of finished jobs by job id. */
export interface TranscriptStore {
  save(transcript: JobTranscript): Promise<void>
  find(jobId: Hex): Promise<JobTranscript | undefined>
  /** Newest first. */
  list(limit: number): Promise<JobTranscript[]>
}

/** Transcripts kept in memory; the oldest goes first. */
const MAX_TRANSCRIPTS = 1_000

/** Keeps them until the client stops. */
export function createMemoryTranscripts(): TranscriptStore {
  const kept = new Map<Hex, JobTranscript>()
  return {
    save(transcript) {
      kept.delete(transcript.jobId)
      kept.set(transcript.jobId, transcript)
      const [oldest] = kept.keys()
      if (kept.size > MAX_TRANSCRIPTS && oldest !== undefined) kept.delete(oldest)
      return Promise.resolve()
    },
    find: (jobId) => Promise.resolve(kept.get(jobId)),
    list: (limit) => Promise.resolve([...kept.values()].toReversed().slice(0, limit)),
  }
}
