/** A running or finished job as the caller sees it. */
import { DuckMeshError } from '@duckmesh/protocols'
import type { Hex, Receipt } from '@duckmesh/protocols'
import type { ClientRun, ClientRunEvent, ClientSegment, FinishReason, JobState } from '@duckmesh/protocols/dispatch'

/** What a job tells while it runs. `awarded` carries the choice and why others were not chosen. */
export type JobEvent = ClientRunEvent

export interface JobResult {
  jobId: Hex
  provider: Hex
  text: string
  finishReason: FinishReason | null
  usage: { promptTokens: number; completionTokens: number }
  /** Sum of receipt amounts, wei. */
  paid: bigint
  /** Times are milliseconds since 1970. */
  states: { state: JobState; atMs: number }[]
  receipts: Receipt[]
}

/**
 * Events of one job as an async iterable, and its result. The events are kept until somebody iterates;
 * iterate once.
 */
export class JobHandle implements AsyncIterable<JobEvent> {
  readonly jobId: Hex
  readonly provider: Hex
  /** Wei per 1 000 tokens that were agreed. */
  readonly price: { in: bigint; out: bigint }
  readonly #run: ClientRun
  #text = ''
  readonly #receipts: Receipt[] = []

  constructor(run: ClientRun, signal?: AbortSignal) {
    const { facts } = run.state
    this.#run = run
    this.jobId = facts.jobId
    this.provider = facts.provider
    this.price = { in: facts.terms.priceIn, out: facts.terms.priceOut }
    const cancel = (): void => {
      run.cancel()
    }
    if (signal?.aborted === true) cancel()
    signal?.addEventListener('abort', cancel, { once: true })
    void run.ended.then(() => signal?.removeEventListener('abort', cancel))
  }

  get state(): JobState {
    return this.#run.state.state
  }

  /** Stops generation and payment within a step; what was delivered stays paid. */
  cancel(): void {
    this.#run.cancel()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<JobEvent, void> {
    for await (const event of this.#run) {
      if (event.type === 'text') this.#text += event.text
      if (event.type === 'receipt') this.#receipts.push(event.receipt)
      yield event
    }
  }

  /**
   * Waits for the end. Rejects with the job's failure code; then `details.paid` tells what it cost.
   * Consumes the events when nobody iterates.
   */
  async result(): Promise<JobResult> {
    for await (const _ of this) void _
    const segment = await this.#run.ended
    if (segment.state !== 'finalized') throw failureOf(segment)
    const { progress } = segment
    return {
      jobId: this.jobId,
      provider: this.provider,
      text: this.#text,
      finishReason: segment.finishReason ?? null,
      usage: { promptTokens: progress.tokensIn, completionTokens: progress.ids.length },
      paid: progress.due,
      states: [...segment.history],
      receipts: this.#receipts,
    }
  }
}

function failureOf(segment: ClientSegment): DuckMeshError {
  const { failure, facts, progress } = segment
  return new DuckMeshError(failure?.code ?? 'INTERNAL', failure?.detail ?? 'The job failed.', {
    jobId: facts.jobId,
    details: { paid: progress.due, tokens: progress.ids.length },
  })
}
