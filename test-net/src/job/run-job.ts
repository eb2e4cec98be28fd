/** Has the network's client run one job and turns its answer into a report. */
import type { Sampling } from '@duckmesh/protocols'
import type { Hex } from 'viem'
import type { Child } from '../processes/child.ts'
import type { JobReport } from './interface.ts'

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
}

/** What the client process answers. */
interface ClientAnswer {
  jobId: Hex
  provider: Hex
  text: string
  usage: { promptTokens: number; completionTokens: number }
  paid: string
  states: { state: string; atMs: number }[]
  startMs: number
  endMs: number
  firstTokenMs: number | null
}

/** Rejects with the code of the job's failure. */
export async function runJob(client: Child, input: JobInput): Promise<JobReport> {
  const { maxPrice, ...rest } = input
  const fields = { ...rest, maxPrice: `${maxPrice}` }
  const answer = await client.ask<ClientAnswer>('job', fields, JOB_TIMEOUT_MS)
  const paid = BigInt(answer.paid)
  const { endMs, firstTokenMs, startMs, states } = answer
  const postedMs = states[0]?.atMs ?? startMs
  return {
    kind: 'stream',
    jobId: answer.jobId,
    prompt: input.prompt,
    text: answer.text,
    tokens: answer.usage.completionTokens,
    lane: 'direct',
    mode: 1,
    replicas: 1,
    seat: null,
    epoch: null,
    turn: null,
    bids: null,
    winners: [{ provider: answer.provider, paid }],
    agreed: null,
    states: states.map(({ state, atMs }) => ({ state, atMs: atMs - postedMs })),
    auctionMs: null,
    ttftMs: (firstTokenMs ?? endMs) - startMs,
    totalMs: endMs - startMs,
    maxPrice,
    paid,
    unspent: maxPrice - paid,
  }
}
