/** The record of a finished job. */
import type { Hex } from '@duckmesh/protocols'
import type { JobOutcome } from '@duckmesh/protocols/dispatch'
import type { JobTranscript, TranscriptAuction } from '../store/transcripts.ts'
import type { WholeOutcome } from './interface.ts'
import type { JobDraft } from './plan-job.ts'
import type { Lane } from './request.ts'

export interface TranscriptParts {
  draft: JobDraft
  jobId: Hex
  payer: Hex
  lane: Lane
  /** Why the direct lane was taken without being asked for. */
  fallback: string | undefined
  auctions: readonly TranscriptAuction[]
  fee: JobTranscript['fee'] | undefined
  outcome: WholeOutcome
  /** Milliseconds since 1970. */
  endedMs: number
}

export function jobTranscript(parts: TranscriptParts): JobTranscript {
  const { auctions, draft, endedMs, fallback, fee, jobId, lane, outcome, payer } = parts
  const { agreed, failure, paid, segments, state, states } = outcome
  const { maxPrice, mode, modelId, replicas } = draft
  return {
    jobId,
    payer,
    modelId,
    lane,
    ...(fallback === undefined ? {} : { fallback }),
    mode,
    replicas,
    maxPrice: `${maxPrice}`,
    createdMs: states[0]?.atMs ?? endedMs,
    endedMs,
    auctions: [...auctions],
    segments: segments.map(segmentOf),
    state,
    ...(failure === undefined ? {} : { failure }),
    paid: `${paid}`,
    agreed,
    ...(fee === undefined ? {} : { fee }),
  }
}

function segmentOf(outcome: JobOutcome['segments'][0]): JobTranscript['segments'][0] {
  const { failure, fromToken, ids, paid, provider, segment, state } = outcome
  const ended = failure === undefined ? {} : { failure }
  return { segment, provider, state, fromToken, tokens: ids.length, paid: `${paid}`, ...ended }
}
