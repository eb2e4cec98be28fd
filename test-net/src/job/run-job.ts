/** Has the network's client run one job and turns its answer into a report. */
import type { Sampling } from '@duckmesh/protocols'
import type { JobTranscript } from '@duckmesh/sdk'
import type { Hex } from 'viem'
import type { Child } from '../processes/child.ts'
import type { BidReport, JobReport, WinnerReport } from './interface.ts'
import { streamSpeed } from './speed.ts'

/** Longest job, ms; the order itself has a deadline of 120 s. */
const JOB_TIMEOUT_MS = 150_000

export interface JobInput {
  prompt: string
  model: string
  maxTokens?: number
  maxPrice: bigint
  /** Time until the job must be done, ms. */
  timeoutMs?: number
  /** Differences from greedy sampling. */
  sampling?: Partial<Sampling>
  /** 32 bytes of hex. */
  seed?: Hex
  lane?: 'auction' | 'direct'
  /** Members of a redundant job; one streaming provider when left out. */
  redundant?: number
  /** Owner addresses that must not serve it. */
  exclude?: readonly Hex[]
}

interface Segment {
  provider: Hex
  segment: number
  paid: string
  ids: readonly number[]
  states: { state: string; atMs: number }[]
}

/** What the client process answers; amounts are decimal strings. */
interface ClientAnswer {
  jobId: Hex
  text: string
  usage: { promptTokens: number; completionTokens: number }
  paid: string
  agreed: boolean | null
  states: { state: string; atMs: number }[]
  segments: Segment[]
  startMs: number
  endMs: number
  firstTokenMs: number | null
  transcript: JobTranscript
}

/** Rejects with the code of the job's failure. */
export async function runJob(client: Child, input: JobInput): Promise<JobReport> {
  const { maxPrice, ...rest } = input
  const fields = { ...rest, maxPrice: `${maxPrice}` }
  const answer = await client.ask<ClientAnswer>('job', fields, JOB_TIMEOUT_MS)
  const paid = BigInt(answer.paid)
  const { endMs, firstTokenMs, segments, startMs, states, transcript } = answer
  const postedMs = states[0]?.atMs ?? startMs
  return {
    kind: transcript.mode === 0 ? 'redundant' : 'stream',
    jobId: answer.jobId,
    prompt: input.prompt,
    text: answer.text,
    tokens: answer.usage.completionTokens,
    ...auctionOf(transcript),
    winners: segments.map(winnerOf),
    agreed: answer.agreed ?? true,
    states: states.map(({ state, atMs }) => ({ state, atMs: atMs - postedMs })),
    ttftMs: (firstTokenMs ?? endMs) - startMs,
    totalMs: endMs - startMs,
    maxPrice,
    paid,
    unspent: maxPrice - paid,
    seatFee: BigInt(transcript.fee?.amount ?? 0),
  }
}

function winnerOf({ ids, paid, provider, segment, states }: Segment): WinnerReport {
  const tokens = ids.length
  const speed = { tokensPerSecond: streamSpeed(tokens, states), engineTokensPerSecond: null }
  return { provider, segment, paid: BigInt(paid), tokens, ...speed }
}

type AuctionFields = 'lane' | 'mode' | 'replicas' | 'seat' | 'epoch' | 'turn' | 'bids' | 'auctionMs'

/** The last auction: after a re-match it is the one that found the providers. */
function auctionOf(transcript: JobTranscript): Pick<JobReport, AuctionFields> {
  const { lane, mode, replicas, segments } = transcript
  const auction = transcript.auctions.at(-1)
  const kind = { lane, mode, replicas }
  if (auction === undefined) {
    return { ...kind, seat: null, epoch: null, turn: null, bids: null, auctionMs: null }
  }
  const { auctionMs, bids, epoch, seats, turn } = auction
  const awarded = new Set(segments.map(({ provider }) => provider))
  return {
    ...kind,
    seat: seats.find(({ primary }) => primary)?.owner ?? null,
    epoch,
    turn,
    bids: bids.map((bid) => bidOf(bid, awarded.has(bid.provider))),
    auctionMs,
  }
}

function bidOf(bid: JobTranscript['auctions'][0]['bids'][0], won: boolean): BidReport {
  const { price, provider, score, why } = bid
  return {
    provider,
    owner: provider,
    score: score === undefined ? null : BigInt(score),
    price: price === undefined ? null : BigInt(price),
    won,
    reason: why,
  }
}
